use amf_core::AmfObject;

#[derive(AmfObject)]
#[amf(alias = "", renam_all = "none", crate = 7)]
struct Player {
    #[amf(skip, dynamic)]
    health: u32,
    #[amf(rename)]
    level: u32,
    #[amf(rename = "level", defalt)]
    rank: u32,
}

fn used(player: &Player) {
    let _ = amf_core::to_vec(amf_core::Version::Amf0, player);
}

fn main() {}
