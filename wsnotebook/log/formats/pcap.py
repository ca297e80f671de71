"""pcap: what tcpdump writes. To load only; ``save`` writes pcapng, which holds what pcap cannot."""

from __future__ import annotations

from wsnotebook.log.formats.capture import load

__all__ = ["load"]
