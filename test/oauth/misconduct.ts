import type { ServerResponse } from 'node:http';

/** How an endpoint that was asked for JSON can let the one who asks down. */
export type Misconduct =
  /** Takes the request and never answers. */
  | 'silent'
  /** A byte now and then, for ever. */
  | 'trickling'
  /** 10 MB in one object. */
  | 'huge'
  /** As fast as they are taken, without an end. */
  | 'endless'
  | 'redirecting'
  | 'malformed'
  /** A page, said to be one. */
  | 'html'
  | 'not an object'
  | 'failing'
  | 'hanging up'
  | 'refusing';

/** `honest` is what would have been the right answer: one of them hides it. */
export function misbehave(response: ServerResponse, how: Misconduct, elsewhere: string, honest: object): void {
  MISCONDUCT[how](response, elsewhere, JSON.stringify(honest));
}

const JSON_TYPE = { 'content-type': 'application/json' };
const MEGABYTE = 'x'.repeat(1024 * 1024);

const MISCONDUCT: Record<Misconduct, (response: ServerResponse, elsewhere: string, honest: string) => void> = {
  silent: () => undefined,
  trickling: (response) => {
    response.writeHead(200, JSON_TYPE).write('{"a":"');
    const timer = setInterval(() => response.write('x'), 100);
    response.on('close', () => clearInterval(timer));
  },
  huge: (response, _elsewhere, honest) => {
    response.writeHead(200, JSON_TYPE).end(`${honest.slice(0, -1)},"padding":"${MEGABYTE.repeat(10)}"}`);
  },
  endless: (response) => {
    response.writeHead(200, JSON_TYPE).write('{"padding":"');
    const pour = (): void => {
      while (!response.destroyed && response.write(MEGABYTE)) continue;
    };
    response.on('drain', pour);
    pour();
  },
  redirecting: (response, elsewhere) => void response.writeHead(307, { location: elsewhere }).end(),
  malformed: (response) => void response.writeHead(200, JSON_TYPE).end('{"access_token":"a","token_type":'),
  html: (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>{"sub":"a"}</p>'),
  'not an object': (response) => void response.writeHead(200, JSON_TYPE).end('["access_token","Bearer"]'),
  failing: (response) => void response.writeHead(500, { 'content-type': 'text/plain' }).end('a stack trace'),
  'hanging up': (response) => void response.destroy(),
  refusing: (response) => void response.writeHead(400, JSON_TYPE).end('{"error":"invalid_grant"}'),
};
