"""From a bundle to what decodes; torch is loaded only if the decoder is a network."""

from typing import Literal

from bci.bank import Bank
from models.bundle import Bundle, check_bank
from models.decoders import ScoringDecoder, family

__all__ = ["load_decoder"]


def load_decoder(
    bundle: Bundle, bank: Bank | None = None, device: Literal["auto", "cpu", "cuda"] = "auto"
) -> ScoringDecoder:
    """Make a bundle ready to decode; it is warm when this returns.

    Parameters
    ----------
    bundle
        The trained decoder.
    bank
        What to rank against instead of the bundle's own bank.
    device
        `auto` takes a GPU if there is one and the decoder can use it.

    Raises
    ------
    MismatchError
        If the bank does not fit the bundle.
    ConfigError
        If there is no GPU but one is asked for, or the bundle names a decoder that does not exist.
    FormatError
        If the weights do not fit the decoder.
    """
    if bank is not None:
        check_bank(bundle, bank)
    return family(bundle.config.decoder.name).load(bundle, bank or bundle.bank, device)
