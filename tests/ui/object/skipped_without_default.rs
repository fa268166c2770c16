use amf_core::AmfObject;

#[derive(AmfObject)]
struct Player {
    #[amf(skip)]
    thread: std::thread::Thread,
}

fn main() {}
