use amf_remoting::Fault;

struct Disk;

#[derive(Fault)]
enum GameError {
    #[fault(internal)]
    Storage(Disk),
}

fn main() {}
