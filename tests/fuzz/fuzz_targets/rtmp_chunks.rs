#![no_main]

use amf_fuzz::rtmp;

// Two bytes say how the rest is cut; the rest are chunks.
libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((&[small, large], chunks)) = input.split_first_chunk() else { return };
    let whole = rtmp::read(chunks, &mut std::iter::repeat(usize::MAX));
    let cut = rtmp::read(chunks, &mut rtmp::pieces(small, large));
    assert_eq!(whole.messages, cut.messages, "cutting makes no difference");
    assert_eq!(whole.error.as_ref().map(|error| error.kind()), cut.error.as_ref().map(|error| error.kind()));
    for error in whole.error.iter().chain(&cut.error) {
        assert!(error.offset() <= chunks.len() as u64, "{error}");
    }
    rtmp::rewrite(&whole.messages, small);
    rtmp::plant_chunks(&whole.messages);
});
