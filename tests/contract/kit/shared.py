"""Material that may lie beside the checkout: vendors' contracts, real messages, signature vectors."""

from pathlib import Path

SHARED = Path(__file__).resolve().parents[3].parent / "shared"
CONTRACTS = SHARED / "contracts"
PAYLOADS = SHARED / "payloads"
VECTORS = PAYLOADS / "signature_vectors.json"
INDEX = PAYLOADS / "INDEX.json"
