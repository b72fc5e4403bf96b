// The AT Protocol's own test network: PLC, PDS, and the AppView that shows threads to followers.
// node --require ../pds/loopback.cjs server.mjs   with DB_POSTGRES_URL, REDIS_HOST and NETWORK_MODULES (where npm
// installed) set. Says where the PDS is in one line of JSON when it is ready. Ends on SIGTERM.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const installed = createRequire(process.env.NETWORK_MODULES + '/package.json');
const { TestNetwork } = await import(pathToFileURL(installed.resolve('@atproto/dev-env')).href);
const network = await TestNetwork.create({ dbPostgresSchema: 'network', pds: { hostname: 'localhost' } });
console.log(JSON.stringify({ ready: true, pds: network.pds.url }));
const stop = () => network.close().then(() => process.exit(0));
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
