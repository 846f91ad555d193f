"""What a machine answers about itself as it leaves the factory."""


def factory_options(serial_number: str) -> dict[str, str]:
    return {
        "~SerialNumber": serial_number,
        "~Platform": "ZEM560_TFT",
        "~DeviceName": "Tx628",
        "~ZKFPVersion": "10",
        "~ExtendFmt": "0",
        "~UserExtFmt": "0",
        "~OS": "1",
        "MAC": "00:00:5e:00:53:01",
        "IPAddress": "127.0.0.1",
        "NetMask": "255.0.0.0",
        "GATEIPAddress": "0.0.0.0",  # noqa: S104 - the answer of a machine without a gateway; nothing binds to it
    }
