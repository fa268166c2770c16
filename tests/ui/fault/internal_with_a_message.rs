use amf_remoting::Fault;

#[derive(Fault)]
enum GameError {
    #[fault(internal, message = "the disk is full")]
    Storage(std::io::Error),
}

fn main() {}
