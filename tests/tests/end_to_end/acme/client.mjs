// A certificate, another one in its place, and the end of the first, by acme-client: client.mjs DIRECTORY KEY_ID HMAC_KEY NAME
import acme from 'acme-client';

const [directoryUrl, kid, hmacKey, name] = process.argv.slice(2);
acme.axios.defaults.proxy = false;
const accountKey = await acme.crypto.createPrivateEcdsaKey();
const client = new acme.Client({ directoryUrl, accountKey, externalAccountBinding: { kid, hmacKey } });
let solved = 0;

async function issue() {
  const [, csr] = await acme.crypto.createCsr({ altNames: [name] });
  return client.auto({
    csr,
    email: 'you@example.com',
    termsOfServiceAgreed: true,
    skipChallengeVerification: true,
    challengeCreateFn: async () => { solved += 1; },
    challengeRemoveFn: async () => {},
  });
}

const first = await issue();
await issue();
await client.revokeCertificate(first, { reason: 4 });
console.log(`challenges solved: ${solved}`);
