// They describe one connection and end with it (RFC 9110 §7.6.1).
const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'];
// This proxy has said "100 Continue" itself.
const ANSWERED = ['expect'];
// Names that say where a request came from. Nobody in front of this proxy vouches for them.
const CLAIMS = ['forwarded', 'x-forwarded-host', 'x-forwarded-port', 'x-forwarded-proto', 'x-real-ip'];

/**
 * What the worker is sent. The peer's address is appended to `X-Forwarded-For`: the last entry is this proxy's own, and
 * the only one that a worker with `trustedProxyHops: 1` reads; whatever a client wrote stands before it.
 */
export function forwardedHeaders({ headers, socket }) {
  const kept = without(headers, [...HOP_BY_HOP, ...ANSWERED, ...CLAIMS]);
  const before = headers['x-forwarded-for'];
  const address = peerAddress(socket);
  return {
    ...kept,
    // The frames of the body are this connection's; that there is a body has to be said on the next one too.
    ...(headers['transfer-encoding'] === undefined ? {} : { 'transfer-encoding': 'chunked' }),
    'x-forwarded-for': before ? `${before}, ${address}` : address,
    'x-forwarded-proto': socket.encrypted ? 'https' : 'http',
    connection: 'close',
  };
}

/** What the client is sent: names and values in the worker's order and number, for several `Set-Cookie` lines. */
export function answeredHeaders({ rawHeaders, headers }) {
  const dropped = new Set([...HOP_BY_HOP, ...namedIn(headers.connection)]);
  const pairs = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [[name, rawHeaders[index + 1]]] : []));
  return pairs.filter(([name]) => !dropped.has(name.toLowerCase())).flat();
}

function without(headers, names) {
  const dropped = new Set([...names, ...namedIn(headers.connection)]);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name)));
}

/** Headers that `Connection` names are of that connection too. */
function namedIn(connection = '') {
  return connection
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
}

/** An IPv4 client of a socket that listens on both families is an IPv4 client. */
function peerAddress({ remoteAddress = 'unknown' }) {
  return remoteAddress.replace(/^::ffff:(?=\d+\.)/, '');
}
