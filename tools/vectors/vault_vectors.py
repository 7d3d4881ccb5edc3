"""Makes packages/core/test/vectors/vault.json from docs/guides/vault.md alone.

This is the second implementation of the vault's format: it shares no code with the library, so that two independent
programs agree on every byte. The committed vectors are its output and are never made anew for version 1: each release
must open the vectors of all releases before it.

    apt install python3-cryptography
    python3 tools/vectors/vault_vectors.py > packages/core/test/vectors/vault.json
"""

import base64
import hashlib
import hmac
import json
import struct
import sys

from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def length_prefixed(*texts):
    encoded = [text.encode("utf-8") for text in texts]
    return b"".join(struct.pack(">I", len(part)) + part for part in encoded)


def subkey(root, environment, organization, connection):
    info = b"integrations-vault/1/subkey" + length_prefixed(environment, organization, connection)
    return hmac.new(root, info, hashlib.sha256).digest()


def seal(root, key_id, nonce, environment, context, plaintext):
    organization, connection = context["organizationId"], context["connectionId"]
    associated_data = b"integrations-vault/1\x01" + length_prefixed(
        key_id, environment, organization, connection, context["provider"], context["purpose"]
    )
    key = subkey(root, environment, organization, connection)
    body = AESGCM(key).encrypt(nonce, plaintext, associated_data)
    name = key_id.encode("ascii")
    return b"\x01" + bytes([len(name)]) + name + nonce + body


def check_value(root):
    return hmac.new(root, b"integrations-vault/1/kcv", hashlib.sha256).digest()[:8].hex()


def mac(root, environment, use, data):
    key = hmac.new(root, b"integrations-vault/1/mac" + length_prefixed(environment, use), hashlib.sha256).digest()
    return hmac.new(key, data, hashlib.sha256).digest()


def base64url(data):
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def deterministic(label, length):
    """Repeatable bytes that look random: these are published values, not secrets."""
    stream = b""
    while len(stream) < length:
        stream += hashlib.sha256(f"{label}/{len(stream)}".encode("ascii")).digest()
    return stream[:length]


CREDENTIALS = b'{"s":1,"v":7,"accessToken":"at-example","refreshToken":"rt-example"}'
UUID = "0b7c1d52-6a34-4c0e-9d7f-2f1a0e5b9c11"

# (name, key id, environment, organization, connection, provider, purpose, plaintext)
CASES = [
    ("credentials", "k1", "production", "org_1", UUID, "klaviyo", "credentials", CREDENTIALS),
    ("OAuth state", "k1", "production", "org_1", "state_9f2c", "slack", "oauth.state", b'{"verifier":"abc"}'),
    ("webhook secret", "k1", "production", "org_1", UUID, "stripe", "webhook.secret", b"whsec_example"),
    ("shadow credentials", "k1", "production", "org_1", UUID, "xero", "shadow.credentials", CREDENTIALS),
    ("empty plaintext", "k1", "production", "org_1", UUID, "klaviyo", "credentials", b""),
    ("one byte", "k1", "production", "org_1", UUID, "klaviyo", "credentials", b"\x00"),
    ("one block", "k1", "production", "org_1", UUID, "klaviyo", "credentials", bytes(range(16))),
    ("one block and one byte", "k1", "production", "org_1", UUID, "klaviyo", "credentials", bytes(range(17))),
    ("500 bytes", "k1", "production", "org_1", UUID, "klaviyo", "credentials", deterministic("500", 500)),
    ("64 KB", "k1", "production", "org_1", UUID, "klaviyo", "credentials", deterministic("64k", 65536)),
    ("all byte values", "k1", "production", "org_1", UUID, "klaviyo", "credentials", bytes(range(256))),
    ("shortest key id", "k", "production", "org_1", UUID, "klaviyo", "credentials", CREDENTIALS),
    ("longest key id", "Key_id-of-exactly-32-characters_", "production", "org_1", UUID, "meta", "credentials", CREDENTIALS),
    ("another environment", "k1", "staging", "org_1", UUID, "klaviyo", "credentials", CREDENTIALS),
    ("accents, composed", "k1", "production", "caf\u00e9", UUID, "klaviyo", "credentials", CREDENTIALS),
    ("accents, decomposed", "k1", "production", "cafe\u0301", UUID, "klaviyo", "credentials", CREDENTIALS),
    ("beyond the basic plane", "k1", "\u672c\u756a", "\U0001f984 \u5317\u4eac", "\U0001f511", "klaviyo", "credentials", CREDENTIALS),
    ("separators, left", "k1", "production", "a|b", "c", "klaviyo", "credentials", CREDENTIALS),
    ("separators, right", "k1", "production", "a", "b|c", "klaviyo", "credentials", CREDENTIALS),
    ("NUL and long ids", "k1", "production", "o\u0000" + "x" * 254, "c" * 300, "klaviyo", "credentials", CREDENTIALS),
]


def main():
    key_ids = dict.fromkeys(case[1] for case in CASES)
    keys = {key_id: deterministic(f"plugboard vault vectors, key {key_id}", 32) for key_id in key_ids}
    vectors = []
    for index, (name, key_id, environment, organization, connection, provider, purpose, plaintext) in enumerate(CASES):
        context = {
            "organizationId": organization,
            "connectionId": connection,
            "provider": provider,
            "purpose": purpose,
        }
        nonce = deterministic(f"plugboard vault vectors, nonce {index}", 12)
        sealed = seal(keys[key_id], key_id, nonce, environment, context, plaintext)
        vectors.append(
            {
                "name": name,
                "keyId": key_id,
                "environment": environment,
                "context": context,
                "nonce": base64url(nonce),
                "plaintext": base64url(plaintext),
                "sealed": "iv1." + base64url(sealed),
            }
        )
    data = b"organization and provider and redirect URI"
    document = {
        "format": 1,
        "keys": {key_id: base64url(key) for key_id, key in keys.items()},
        "checkValues": {key_id: check_value(key) for key_id, key in keys.items()},
        "macs": [
            {"environment": environment, "use": use, "data": base64url(data), "mac": base64url(mac(keys["k1"], environment, use, data))}
            for environment, use in [("production", "oauth.state"), ("production", "refresh.attempt"), ("staging", "oauth.state")]
        ],
        "sealed": vectors,
    }
    json.dump(document, sys.stdout, indent=2)
    sys.stdout.write("\n")


main()
