/** A path of `http.pages` stands for itself and all below it, except `/`, which stands for itself alone. */
export class PagePaths {
  private readonly paths: readonly string[];

  constructor(paths: readonly string[]) {
    this.paths = paths.map((path) => path.replace(/(?<=^\/|[^/])\/+$/, ''));
  }

  includes(url: string): boolean {
    const path = url.split(/[?#]/, 1)[0]!;
    return this.paths.some((page) => path === page || (page !== '/' && path.startsWith(`${page}/`)));
  }
}
