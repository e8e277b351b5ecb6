const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Markup whose inserted values have been escaped. Only `html` makes it, so that no template can forget to. */
export class Html {
  private constructor(readonly markup: string) {}

  /** @internal */
  static of(markup: string): Html {
    return new Html(markup);
  }
}

/**
 * Markup with values in it. Texts and numbers are escaped for content and for quoted attributes; what `html` itself made is
 * taken as it is.
 *
 * @example
 * html`<p>Hello ${name}</p>`
 */
export function html(parts: TemplateStringsArray, ...values: readonly (string | number | Html)[]): Html {
  const inserted = values.map((value) => (value instanceof Html ? value.markup : escaped(String(value))));
  return Html.of(parts.reduce((markup, part, index) => markup + (inserted[index - 1] ?? '') + part));
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}
