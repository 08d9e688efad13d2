// JSON Web Tokens as a team's own sign-in would mint them.
import { createHmac } from "node:crypto";
import { jwtSecret } from "./process.mjs";

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token for the user, valid for an hour unless expiresIn (seconds, may be negative) says otherwise. */
export function token(sub, { name = sub, expiresIn = 3600, secret = jwtSecret, alg = "HS256", claims = {} } = {}) {
  const now = Math.floor(Date.now() / 1000);
  const exp = expiresIn === null ? {} : { exp: now + expiresIn };
  const body = `${encode({ alg, typ: "JWT" })}.${encode({ sub, name, iat: now, ...exp, ...claims })}`;
  if (alg === "none") return `${body}.`;
  return `${body}.${createHmac("sha256", secret).update(body).digest("base64url")}`;
}
