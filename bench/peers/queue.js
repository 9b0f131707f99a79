'use strict';
// The same promise kept with a job queue on PostgreSQL: a referral is stored and its delivery enqueued in one
// transaction, and a worker posts it to the receiver. Prints one JSON object.
//
//   node queue.js graphile-worker|pg-boss --postgres URL --receiver URL [--seconds 10] [--producers 16] [--workers 16]
const http = require('node:http');
const path = require('node:path');
const { createRequire } = require('node:module');

// The packages lie where script/bench installed them, outside of the source.
const fetched = createRequire(path.join(process.env.HANDOFF_PEERS || __dirname, 'package.json'));

function options() {
  const [queue, ...rest] = process.argv.slice(2);
  const named = { seconds: '10', producers: '16', workers: '16' };
  for (let i = 0; i < rest.length; i += 2) named[rest[i].replace(/^--/, '')] = rest[i + 1];
  return { queue, postgres: named.postgres, receiver: named.receiver,
    seconds: Number(named.seconds), producers: Number(named.producers), workers: Number(named.workers) };
}

const words = 'Low mood and poor sleep for six weeks; asks for an intake assessment. ';
function referral(number) {
  const one = { id: 'peer-' + number,
    registrant: { firstName: 'First' + number, lastName: 'Last' + number, birthDate: '1987-02-11', gender: 'unknown',
      address: { line: number + ' Example Street', city: 'Hamilton', province: 'ON', country: 'CA', postalCode: 'L8P 1A1' },
      phones: { main: '+1 905 555 0142' }, email: 'r' + number + '@example.org' },
    requester: { firstName: 'Sam', lastName: 'Reid', organization: 'Mill Clinic', phone: '+1 905 555 0100' },
    notes: `T=${Date.now()} S=0 ` };
  const missing = 4096 - JSON.stringify(one).length;
  one.notes += words.repeat(Math.max(0, Math.floor(missing / words.length)));
  return one;
}

function call(agent, method, url, body) {
  return new Promise((done, failed) => {
    const headers = body ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } : {};
    const request = http.request(url, { method, agent, headers }, (answer) => {
      let text = '';
      answer.on('data', (piece) => { text += piece; });
      answer.on('end', () => (answer.statusCode < 300 ? done(text) : failed(new Error('status ' + answer.statusCode))));
    });
    request.on('error', failed);
    request.end(body);
  });
}

const share = (numbers, part) => numbers[Math.min(numbers.length - 1, Math.floor(numbers.length * part))];
const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

// Each answers { enqueue(client, referral), stop() }.
const queues = {
  async 'graphile-worker'(o, pool, deliver) {
    const { run, Logger } = fetched('graphile-worker');
    const runner = await run({ pgPool: pool, concurrency: o.workers, pollInterval: 500, noHandleSignals: true,
      logger: new Logger(() => () => {}), taskList: { deliver: (payload) => deliver(payload) } });
    return {
      enqueue: (client, one) => client.query("select graphile_worker.add_job('deliver', $1::json)", [JSON.stringify(one)]),
      stop: () => runner.stop() };
  },
  async 'pg-boss'(o, pool, deliver) {
    const loaded = fetched('pg-boss');
    const Boss = loaded.PgBoss || loaded.default || loaded;
    const boss = new Boss({ connectionString: o.postgres, max: 10 });
    boss.on('error', (problem) => console.error(String(problem)));
    await boss.start();
    await boss.createQueue('deliver');
    // It fetches in batches and by polling only; two fetchers with large batches served it best.
    for (let i = 0; i < 2; i++) {
      await boss.work('deliver', { batchSize: 256, pollingIntervalSeconds: 0.5 },
        (jobs) => Promise.all(jobs.map((job) => deliver(job.data))));
    }
    return {
      enqueue: (client, one) => boss.send('deliver', one, { retryLimit: 10, retryBackoff: true,
        db: { executeSql: (text, values) => client.query(text, values) } }),
      stop: () => boss.stop({ graceful: false }) };
  },
};

async function main() {
  const o = options();
  const { Pool } = fetched('pg');
  const pool = new Pool({ connectionString: o.postgres, max: o.producers + o.workers + 4 });
  await pool.query('create table if not exists referral (id bigserial primary key, at timestamptz default now(), body jsonb)');
  const agent = new http.Agent({ keepAlive: true, maxSockets: o.workers });
  const deliver = async (one) => { await call(agent, 'POST', o.receiver + '/job', JSON.stringify(one)); };
  const queue = await queues[o.queue](o, pool, deliver);
  await call(agent, 'POST', o.receiver + '/reset');

  const delays = [];
  let stored = 0;
  const started = Date.now();
  const ends = started + o.seconds * 1000;
  await Promise.all(Array.from({ length: o.producers }, async () => {
    const client = await pool.connect();
    while (Date.now() < ends) {
      const one = referral(stored++);
      const before = process.hrtime.bigint();
      await client.query('begin');
      await client.query('insert into referral (body) values ($1)', [JSON.stringify(one)]);
      await queue.enqueue(client, one);
      await client.query('commit');
      delays.push(Number(process.hrtime.bigint() - before) / 1e6);
    }
    client.release();
  }));
  const seconds = (Date.now() - started) / 1000;
  const limit = Date.now() + 120_000;
  let stats = JSON.parse(await call(agent, 'GET', o.receiver + '/stats'));
  while (stats.distinct < stored && Date.now() < limit) {
    await pause(200);
    stats = JSON.parse(await call(agent, 'GET', o.receiver + '/stats'));
  }
  delays.sort((a, b) => a - b);
  console.log(JSON.stringify({ stored, storedPerSecond: Number((stored / seconds).toFixed(1)),
    storeP50Ms: Number(share(delays, 0.5).toFixed(2)), storeP99Ms: Number(share(delays, 0.99).toFixed(2)), stats }));
  await queue.stop();
  process.exit(0);
}

main().catch((problem) => {
  console.error(problem);
  process.exit(1);
});
