//! The library's names of chains: a venue has its own, and our dialects pass these on.

/// A chain's own coin moves by the chain, everything else by a token standard of it.
pub(super) fn unified(exchange: &str, chain: String, asset: &str) -> String {
    if !["bitget", "gate", "mexc"].contains(&exchange) {
        return chain;
    }
    let known = match exchange {
        "bitget" => bitget(&chain),
        "gate" => gate(&chain),
        "mexc" => mexc(&chain),
        _ => None,
    };
    let aliased = match (known.unwrap_or(&chain), asset) {
        ("ETH" | "ERC20", "ETH") => "ETH",
        ("ETH", _) => "ERC20",
        ("TRX" | "TRC20", "TRX") => "TRX",
        ("TRX", _) => "TRC20",
        ("CRONOS" | "CRC20", "CRO") => "CRONOS",
        ("CRONOS", _) => "CRC20",
        ("BSC" | "BSC20", _) => "BEP20",
        ("ARB" | "ARBONE", _) => "ARBITRUM",
        ("ARBNOVA", _) => "ARBITRUM_NOVA",
        (other, _) => other,
    };
    aliased.to_owned()
}

fn bitget(chain: &str) -> Option<&'static str> {
    Some(match chain {
        "AcalaToken" => "ACA",
        "Aptos" => "APT",
        "ArbitrumOne" => "ARBITRUM",
        "ArbitrumNova" => "ARBITRUM_NOVA",
        "C-Chain" => "AVAXC",
        "X-Chain" => "AVAXX",
        "Arweave" => "AR",
        "Cardano" => "ADA",
        "ChilizChain" => "CHZ",
        "CronosChain" => "CRC20",
        "ETHFAIR" => "ETHF",
        "Elrond" => "EGLD",
        "Fantom" => "FTM",
        "HECO" => "HRC20",
        "Harmony" => "ONE",
        "Helium" => "HNT",
        "IoTeX" => "IOTX",
        "KAI" => "KARDIA",
        "Klaytn" => "KLAY",
        "MetisToken" => "METIS",
        "Moonbeam" => "GLMR",
        "NEARProtocol" => "NEAR",
        "ROSE" => "OASIS",
        "Ontology" => "ONT",
        "Optimism" => "OPTIMISM",
        "Osmosis" => "OSMO",
        "PocketNetwork" => "POKT",
        "Polygon" => "MATIC",
        "Solar" => "SXP",
        "Symbol" => "XYM",
        "Telos" => "TLOS",
        "ThetaToken" => "THETA",
        "WAXP" => "WAX",
        "WEMIXMainnet" => "WEMIX",
        "XDCNetworkXDC" => "XDC",
        "FETCH" => "FET",
        "REINetwork" => "REI",
        "ABBCCoin" => "ABBC",
        "CANTO-EVM" => "CANTO",
        "zkSyncEra" => "ZKSYNC",
        "Starknet" => "STARKNET",
        "VICTION" => "VIC",
        _ => return None,
    })
}

fn gate(chain: &str) -> Option<&'static str> {
    Some(match chain {
        "BTCBRC" => "BRC20",
        "HT" | "HECO" => "HRC20",
        "OPETH" => "OP",
        "AVAX_C" => "AVAXC",
        "ARBEVM" => "ARBITRUM",
        "BASEEVM" => "BASE",
        "CRO" => "CRO",
        "SCROLLETH" => "SCROLL",
        "TAIKOETH" => "TAIKO",
        "LINEAETH" => "LINEA",
        "BLASTETH" => "BLAST",
        "RBTC" => "RSK",
        "ZKSERA" => "ZKSYNC",
        "AURORAEVM" => "AURORA",
        "KONET" => "KON",
        "GTEVM" => "GATECHAIN",
        "KSMSM" => "KUSAMA",
        "OKT" => "OKC",
        "DOTSM" => "POLKADOT",
        "LUNC" => "LUNA",
        "POLYGON" | "POL" => "MATIC",
        _ => return None,
    })
}

fn mexc(chain: &str) -> Option<&'static str> {
    Some(match chain {
        "ZKSYNCERA" => "ZKSYNC",
        "TONCOIN" => "TON",
        "STACKS" => "STX",
        "LUNA" => "LUNC",
        "STARKNET" => "STARK",
        "APTOS" => "APT",
        "PEAQEVM" => "PEAQ",
        "AVAX_CCHAIN" => "AVAXC",
        "ACALA" => "ACA",
        "OP" => "OPTIMISM",
        "ASTAR" => "ASTR",
        "BTM2" => "BTM",
        "DOTASSETHUB" => "DOT",
        "ETF" => "ETHF",
        "HECO" => "HRC20",
        "ROSE" => "OASIS",
        "OKT" => "OKC",
        "RBTC" => "RSK",
        "BNB Smart Chain(BEP20-RACAV1)" | "BNB Smart Chain(BEP20-RACAV2)" | "BNB Smart Chain(BEP20)" => {
            "BEP20"
        }
        "Ethereum(ERC20)" => "ERC20",
        _ => return None,
    })
}
