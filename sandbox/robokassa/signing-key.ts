import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

const BITS = 2_048;

/**
 * The RSA key of the simulator. It is the same in every sandbox, as the provider's certificate is published once for all:
 * receivers know its public part beforehand. It is worth nothing anywhere else.
 */
const SIMULATED_KEY = createPrivateKey(`-----BEGIN PRIVATE KEY-----
MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDMcHKPtF/1aFro
E7YvmFs1QNhbHqO6ZZPeprbnTsWDQ0GJ899h2T64C48oSyuwxqVk227Gg/mrh8uQ
YerS9vQ37KMo8ma0dkw1WqjdmFz963y8YsBkqjYkW61+xudroXkmGGzXxvAj+iqE
twK4lX7tOmX9+7VdkdNrZbxQdf3GE6JNETSXfTEjtEV9lKpUGO0Bvm6G0llJEm/S
SZp9UxA2YOTdHfLeAleYm46Adg1C7sHILRVWE9Rf/ucVZrewTts9nrie/po1/Bot
y9JmVBzD5ls4u1JeNYNiIafYMoXoAKBQyWlojOu1LTuOhJKM+ScGz1gMOaTBQXOK
GY1zaq6PAgMBAAECggEASdDEHI0FJMfEIw2S94ZsUEMUm3npphCtHnRVkBkKCcYL
8PKEEoFtOui5jNPvd4mSCGOOkNDwIfYLExu3vOp77YFcvBkh6kDYbV9Jn5E26lvP
kvmY+//VQrVzZFYPEvaflpi1HAfxhxv5pCesLNeVl7RBRT5QEvPnQVzfbLHdqlmg
tOHglj3YKLbM5FWABfr7ecQiUg7GcpbBtrEw22kogu7VgwzZkN5pRIgpfuYPs/aN
H4rzA+4K0RXGUD5hqAlh7qf9Fp6AFEqSWZoiEHZE/pChqoRF/rp1wgOyy4GuqfWt
P93UlqKFwCju+2CtEWzs5sVCMwSAovyS/W7+eoRSoQKBgQD4vdU+MmzC2zVKaxfP
3gHP+2sCT+1omJ6xw0HCcr4VMjatf6U9oSXxwsonRpZVMfePwbtxH15vCRANewoi
hgdtNXKQVEVNuTeeTZFXgIltEkJBjCPwUz7yaAzywMa/TNapL9LmYA68uaFkdBrF
cuR11BdS4cvt8BMggH4Hi3zXUQKBgQDSZ6oUZ3ud7tfIrYZFwTbkt3v7CgoYtszn
5m33IJ6F+ttw/zdV4AFdB46hc3SFo/+GWBoMWASy4sG4ro1rN42RJgsexpnaOUu7
FkMS2VM7w4n7U5OlIPlaLPdvM4XCm2t9v8+t1lY3LPrQ0HCGh/ygzOoOcfFN4ed5
R/dJhZ9v3wKBgQDg1n71bJEBBTJDZVAt1cgfnmwYt/Sp8iKoHg3H3P3SnQPtig7s
CUkKIf+mxthGhBb5O63Zz/gFN9TpyojbsfjujzxSF8pZOg17KzQwOwB9td5r72fg
6O5iIQlrODOuYZ87aP4ivTs0/jpTWduFFJhLpX27rlwuZC5114+T9FLRMQKBgA2b
9O1S8DT78OsjBi9W2wUaNSO8t4B3unM5fV1ht780xaLebybX0V7CEWCyBhRq0ilP
Y4fu3YbwkdUvPSh1NGvyCQAZmnP6BsL4IqiCdBbGhBNEiaVBp79Eb1C7BWjcAqzk
jjtRRMxW1XZSNSUOgLGp7221wwTlmsJGfGE+Cl0DAoGBAOIuCSEDUzpl93oMMeil
D4NDlrr6qt+cB0rdopZutseC0XdOTYTT3jEaVXk9ZfI2JJnIvSAEpwNZXLfUdwqx
f5c+pEA60Ts16i+IF32E0kr0TGF7Xk9zPpFjFsvaEOMvW3phQGXriFi5kjiaPlvJ
UhAof1gHsCuEUqGU0WDgvm70
-----END PRIVATE KEY-----`);

/** What receivers check signatures with, PEM. */
export const PUBLIC_KEY = createPublicKey(SIMULATED_KEY).export({ type: 'spki', format: 'pem' }).toString();

/** A compact JWS with RS256. */
export const signJws = (payload: unknown): string => jwsOf(payload, SIMULATED_KEY);

/** A JWS that looks right and that somebody else signed. */
export const forgedJws = (payload: unknown): string =>
  jwsOf(payload, generateKeyPairSync('rsa', { modulusLength: BITS }).privateKey);

function jwsOf(payload: unknown, key: KeyObject): string {
  const signed = [{ typ: 'JWT', alg: 'RS256' }, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}
