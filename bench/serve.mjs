// A contestant in a process of its own. What it is told and what it answers goes over the channel to its parent.
import { ready } from './lib/server-channel.mjs';

const [file, name, settings] = process.argv.slice(2);
const { contestants } = await import(`./servers/${file}.mjs`);
await ready(await contestants[name](JSON.parse(settings)));
