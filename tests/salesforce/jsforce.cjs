// An unmodified jsforce 3 works with the Salesforce face: signing in, referring, reading, querying, changing, and what it
// makes of errors. Called by jsforce_test.cc with the address of a server and the credentials of an API client.
const assert = require('node:assert/strict');
const { createRequire } = require('node:module');
const jsforce = createRequire(process.env.HANDOFF_NODE_MODULES + '/')('jsforce');

const { HANDOFF_URL: url, HANDOFF_CLIENT_ID: clientId, HANDOFF_CLIENT_SECRET: clientSecret } = process.env;
const referrals = '/connect/health/referral-management/referrals';

async function refused(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return assert.fail('it should have been refused');
}

async function main() {
  // A slash at the end doubles one in every path; token and revoke requests come in chunks.
  const conn = new jsforce.Connection({
    instanceUrl: url, version: '66.0', oauth2: { loginUrl: url, clientId, clientSecret },
  });
  const user = await conn.authorize({ grant_type: 'client_credentials' });
  assert.match(user.organizationId, /^00D[0-9A-Za-z]{15}$/);
  assert.equal(conn.instanceUrl, url, 'the instance is where the client found it');
  const who = await conn.identity();
  assert.equal(who.organization_id, user.organizationId);
  assert.equal(who.user_id, user.id);

  // Referring.
  const made = await conn.requestPost(referrals, {
    patient: { fields: { FirstName: 'Ines', LastName: 'Okoro', PersonBirthdate: '1987-02-11', Phone: '555-0142' } },
    requester: { id: '0cmS70000004CAuIAM' },
    performers: [{ id: '0cmRM0000004nAgYAI' }, { id: '0cmRM0000004nAgDZc' }],
    referral: { fields: { Priority: 'Urgent', SourceSystem: 'handoff', SourceSystemIdentifier: 'ref-7f3a' } },
    referralDetails: [{ detailType: 'Insurance', detailRecordType: 'Member Plan', fields: { Name: 'Maple PPO', MemberNumber: 'M-88' } }],
    referralNotes: 'Please call before 10:00',
    shouldUseHighConfidenceMatch: false,
  });
  assert.equal(made.error, null);
  assert.equal(made.referralIds.length, 2);
  assert.match(conn.limitInfo.apiUsage.limit.toString(), /^[0-9]+$/);
  assert.ok(conn.limitInfo.apiUsage.used > 0);

  // Reading, by one and by several.
  const requests = conn.sobject('ClinicalServiceRequest');
  const one = await requests.retrieve(made.referralIds[0]);
  assert.equal(one.Status, 'Active');
  assert.equal(one.PerformerId, '0cmRM0000004nAgYAI');
  const missing = '0lv000000000009AAA';
  const several = await requests.retrieve([made.referralIds[1], missing, made.referralIds[0]]);
  assert.deepEqual(several.map((each) => each && each.Id), [made.referralIds[1], null, made.referralIds[0]]);
  const some = await requests.retrieve(made.referralIds[0], { fields: ['Id', 'Priority'] });
  assert.equal(some.Priority, 'Urgent');

  // Querying, through parents and over pages.
  const walked = await conn.query(
    "SELECT Id, Patient.LastName, Performer.Name FROM ClinicalServiceRequest WHERE SourceSystem = 'handoff' AND SourceSystemIdentifier = 'ref-7f3a' ORDER BY Performer.Name");
  assert.deepEqual(walked.records.map((each) => [each.Patient.LastName, each.Performer.Name]), [['Okoro', 'Dr. Lea Roy'], ['Okoro', 'Dr. Max Hill']]);
  const codes = [];
  for (let i = 0; i < 450; ++i) codes.push({ Name: `code ${i}`, Code: `c${String(i).padStart(3, '0')}` });
  for (let i = 0; i < codes.length; i += 150) {
    const results = await conn.sobject('CodeSet').create(codes.slice(i, i + 150));
    assert.ok(results.every((each) => each.success));
  }
  const paged = await conn.query('SELECT Code FROM CodeSet ORDER BY Code', { autoFetch: true, maxFetch: 1000, headers: { 'Sforce-Query-Options': 'batchSize=200' } });
  assert.equal(paged.totalSize, 450);
  const first = await conn.request({ url: '/query?q=' + encodeURIComponent('SELECT Code FROM CodeSet ORDER BY Code'), method: 'GET', headers: { 'Sforce-Query-Options': 'batchSize=200' } });
  assert.equal(first.done, false);
  let page = first, all = [...first.records];
  while (!page.done) {
    page = await conn.queryMore(page.nextRecordsUrl);
    all = all.concat(page.records);
  }
  assert.deepEqual(all.map((each) => each.Code), codes.map((each) => each.Code));

  // Finding and changing.
  const found = await conn.sobject('HealthcareProvider').find({ Name: { $like: 'Dr.%' } }, ['Id', 'Name']).sort('Name').limit(1);
  assert.deepEqual(found.map((each) => each.Name), ['Dr. Lea Roy']);
  assert.equal(await conn.sobject('MemberPlan').count({ MemberNumber: 'M-88' }), 1);
  const updated = await requests.update({ Id: made.referralIds[0], Status: 'Completed', StatusReason: 'Admitted' });
  assert.equal(updated.success, true);
  assert.equal((await requests.retrieve(made.referralIds[0])).Status, 'Completed');
  const both = await conn.sobject('HealthcareProvider').update([
    { Id: '0cmRM0000004nAgYAI', ProviderType: 'Medical Doctor' }, { Id: '0cmS70000004CAuIAM', ProviderType: 'Hospital' }]);
  assert.ok(both.every((each) => each.success));
  const account = await conn.sobject('Account').create({ Name: 'Mill Clinic' });
  assert.equal(account.success, true);

  const described = await requests.describe();
  assert.equal(described.keyPrefix, '0lv');
  assert.ok((await conn.describeGlobal()).sobjects.length > 10);
  assert.ok((await conn.limits()).DailyApiRequests.Remaining > 0);

  // Errors.
  const sixth = await refused(conn.requestPost(referrals, { patient: { fields: { LastName: 'Okoro' } }, referral: { fields: {} }, performers: Array(6).fill({ id: '0cmRM0000004nAgYAI' }) }));
  assert.equal(sixth.errorCode, 'ILLEGAL_ARGUMENT');
  const nameless = await refused(conn.requestPost(referrals, { patient: { fields: { FirstName: 'Ines' } }, referral: { fields: {} } }));
  assert.equal(nameless.errorCode, 'REQUIRED_FIELD_MISSING');
  assert.deepEqual(nameless.data.fields, ['LastName']);
  assert.equal((await refused(requests.retrieve(missing))).errorCode, 'NOT_FOUND');
  assert.equal((await refused(conn.query('SELECT Foo FROM Account'))).errorCode, 'INVALID_FIELD');
  assert.equal((await refused(conn.query('SELECT Id FROM Lead'))).errorCode, 'INVALID_TYPE');

  // Where the organization wants doubtful patients refused, the answer names those it may be.
  const policy = await fetch(`${url}/api/v1/organizations/${process.env.HANDOFF_ORGANIZATION}`, {
    method: 'PATCH', headers: { authorization: `Bearer ${conn.accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ duplicatePolicy: 'block' }),
  });
  assert.equal(policy.status, 200);
  const twin = await refused(conn.requestPost(referrals, {
    patient: { fields: { FirstName: 'Ines', LastName: 'Okoro', PersonBirthdate: '1987-02-11', Phone: '555-0142' } }, referral: { fields: {} } }));
  assert.equal(twin.errorCode, 'DUPLICATES_DETECTED');
  const [match] = twin.data.duplicateResut.matchResults[0].matchRecords;
  assert.equal(match.record.attributes.type, 'Account');
  assert.equal(match.record.Id, one.PatientId);
  assert.ok(match.matchConfidence > 50);

  // A slash too many in the address.
  const doubled = new jsforce.Connection({ instanceUrl: url + '/', accessToken: conn.accessToken, version: '66.0' });
  assert.equal((await doubled.sobject('Account').retrieve(account.id)).Name, 'Mill Clinic');
  // Below 59.0 there is nothing; jsforce's own default is below.
  const old = new jsforce.Connection({ instanceUrl: url, accessToken: conn.accessToken });
  assert.equal((await refused(old.requestPost(referrals, {}))).errorCode, 'NOT_FOUND');

  const token = conn.accessToken;
  await conn.logout();
  const out = new jsforce.Connection({ instanceUrl: url, accessToken: token, version: '66.0' });
  assert.equal((await refused(out.sobject('Account').retrieve(account.id))).errorCode, 'INVALID_SESSION_ID');
}

main().then(() => console.log('jsforce is content'), (error) => {
  console.error(error);
  process.exitCode = 1;
});
