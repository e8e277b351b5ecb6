import { DEMO_ACCOUNTS, type DemoAccount } from './demo-accounts.js';

const STYLE = `
  :root { color-scheme: light dark; }
  body { margin: 0 auto; padding: 1.5rem; max-width: 26rem; font: 1rem/1.5 system-ui, sans-serif; }
  form { display: grid; gap: 0.75rem; }
  button { padding: 0.625rem 1rem; font: inherit; text-align: start; }
`;

/** Nothing on it comes from a request: there is nothing to escape. */
export function choicePage(): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Demo provider</title>
    <link rel="icon" href="data:," />
    <style>${STYLE}</style>
  </head>
  <body>
    <h1>Demo provider</h1>
    <p>Who are you, for the federation sample?</p>
    <form method="post">
      ${DEMO_ACCOUNTS.map(button).join('\n      ')}
      <button name="account" value="">Cancel</button>
    </form>
  </body>
</html>
`;
}

function button({ sub, name, email, emailVerified }: DemoAccount): string {
  const address = emailVerified ? email : `${email}, not verified`;
  return `<button name="account" value="${sub}">${name} (${address})</button>`;
}
