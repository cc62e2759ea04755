// The API behind the gateway, as these programs ask it: with what the SDK gave them, signed as for API Gateway.
import { SignatureV4 } from "@smithy/signature-v4";
import { Sha256 } from "@aws-crypto/sha256-js";

const { ENDPOINT, REGION } = process.env;

/** The status of a request for a file, signed with these credentials. */
export async function status(credentials, path, method = "GET") {
  const url = new URL(`${ENDPOINT}/gateway/files/prod/${path}`);
  const signer = new SignatureV4({ credentials, region: REGION, service: "execute-api", sha256: Sha256 });
  const asked = { method, protocol: url.protocol, hostname: url.hostname, port: Number(url.port), path: url.pathname };
  const { headers } = await signer.sign({ ...asked, headers: { host: url.host } });
  return (await fetch(url, { method, headers })).status;
}
