const { createHmac, timingSafeEqual } = require("node:crypto");

// Is the body, as a Buffer, from who holds the secret, and of the last five minutes? Header names are lower-case.
exports.genuine = (secret, headers, body) => {
  const id = headers["webhook-id"], sent = headers["webhook-timestamp"];
  if (Math.abs(Date.now() / 1000 - Number(sent)) > 300) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const want = Buffer.from("v1," + createHmac("sha256", key).update(`${id}.${sent}.`).update(body).digest("base64"));
  return headers["webhook-signature"].split(" ").map((s) => Buffer.from(s)).some((got) => got.length === want.length && timingSafeEqual(got, want));
};
