//! Compares the programs in the guides with those in `examples/src`.

#![allow(clippy::expect_used, reason = "a panic is how a test fails")]

#[test]
fn the_guides_show_the_examples() {
    let node_amf = include_str!("../src/bin/from_node_amf.rs");
    let flash_media_server = include_str!("../src/bin/from_flash_media_server.rs");
    for (guide, program) in [
        (include_str!("../../docs/from-amfphp.md"), include_str!("../src/bin/from_amfphp.rs")),
        (include_str!("../../docs/from-blazeds.md"), include_str!("../src/blazeds.rs")),
        (include_str!("../../docs/from-node-amf.md"), node_amf),
        (include_str!("../../docs/from-flash-media-server.md"), flash_media_server),
        (include_str!("../../docs/security.md"), include_str!("../src/bin/hardened.rs")),
    ] {
        let blocks: Vec<_> = guide
            .split("```rust\n")
            .skip(1)
            .map(|rest| rest.split_once("```\n").expect("the block ends").0)
            .collect();
        assert!(!blocks.is_empty());
        assert!(guide.contains("](proxies.md)"), "the guide has to mention the limit by address");
        for block in blocks {
            assert!(
                program.contains(block),
                "the program has no such block; copy the block from the program into the guide:\n{block}"
            );
        }
    }
}
