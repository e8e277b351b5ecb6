import { expect, it } from 'vitest';
import { html } from './html.js';

it('escapes what is inserted, in content and in quoted attributes', () => {
  const text = `<b a="1" c='2'>&`;
  expect(html`<p title="${text}">${text}</p>`.markup).toBe(
    '<p title="&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;">&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;</p>',
  );
});

it('takes what it made itself as it is, and only that', () => {
  const made = html`<b>${'<'}</b>`;
  expect(html`${made}${7}`.markup).toBe('<b>&lt;</b>7');
  const pretender = { markup: '<script>', toString: () => '<script>' };
  expect(html`${pretender as never}`.markup).toBe('&lt;script&gt;');
});
