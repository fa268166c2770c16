use amf_core::AmfObject;

#[derive(AmfObject)]
struct Player {
    thread: std::thread::Thread,
}

fn main() {}
