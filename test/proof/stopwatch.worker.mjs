import http from 'node:http';
import { parentPort } from 'node:worker_threads';

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

parentPort.on('message', ({ url, method, headers, body }) => {
  const begun = performance.now();
  const request = http.request(url, { agent, method, headers }, (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (part) => (text += part));
    response.on('end', () => {
      const ms = performance.now() - begun;
      parentPort.postMessage({ status: response.statusCode, type: response.headers['content-type'] ?? '', text, ms });
    });
  });
  request.on('error', ({ message }) => parentPort.postMessage({ error: message }));
  request.end(body);
});
