"""pcap: what tcpdump writes. To load only; ``save`` writes pcapng, which holds what pcap cannot."""

from __future__ import annotations

from wsnotebook.files.pcapng.capture import load

__all__ = ["load"]
