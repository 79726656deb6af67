import base64, hashlib, hmac, time

def genuine(secret, headers, body):
    """Is the body, as bytes, from who holds the secret, and of the last five minutes?"""
    event, sent = headers["webhook-id"], headers["webhook-timestamp"]
    if abs(time.time() - int(sent)) > 300:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.new(key, f"{event}.{sent}.".encode() + body, hashlib.sha256).digest()
    want = "v1," + base64.b64encode(mac).decode()
    return any(hmac.compare_digest(want, got) for got in headers["webhook-signature"].split())
