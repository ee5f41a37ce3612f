"""What the VPC endpoints of a connection cost.

An interface endpoint is paid by the hour in each availability zone, and by the GB that goes through it:
https://aws.amazon.com/privatelink/pricing/. The amounts are those of us-east-1 as others recorded them
(UNVERIFIED: the page shows them to a browser only); other regions ask for up to half as much more. Gateway
endpoints cost nothing: https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
"""

from collections.abc import Sequence

from lakeshot.config.connections import GATEWAYS, Endpoint, Network

USD_PER_HOUR = 0.01
USD_PER_GB = 0.01
HOURS_PER_MONTH = 730


def interface_endpoints(network: Network) -> tuple[Endpoint, ...]:
    """Those endpoints of a network that are paid for."""
    return tuple(endpoint for endpoint in network.endpoints if endpoint not in GATEWAYS)


def zones(network: Network) -> tuple[str, ...]:
    """The availability zones of a network's subnets, each once."""
    return tuple(dict.fromkeys(subnet.zone for subnet in network.subnets))


def monthly_usd(network: Network) -> float:
    """US dollars a month for all endpoints of a network, whether runs use them or not."""
    return len(interface_endpoints(network)) * len(zones(network)) * HOURS_PER_MONTH * USD_PER_HOUR


def monthly_price(network: Network) -> str:
    """The price as a person reads it."""
    paid = interface_endpoints(network)
    if not paid:
        return "nothing: gateway endpoints are free" if network.endpoints else "nothing: there are none"
    return (
        f"about ${monthly_usd(network):,.2f} a month at the prices of us-east-1 "
        f"({_counted(paid, 'interface endpoint')} in {_counted(zones(network), 'zone')}), and "
        f"${USD_PER_GB:.2f} for each GB through them"
    )


def _counted(things: Sequence[str], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"
