use amf_remoting::Fault;

#[derive(Fault)]
union Bits {
    float: f32,
    int: u32,
}

fn main() {}
