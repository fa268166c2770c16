//! The Haxe side of the whiteboard, for players with shared objects of their own and for Ruffle.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use amf_tests::clients;
use amf_tests::process::Process;

#[test]
#[ignore = "needs Haxe: run tests/run.sh"]
fn the_whiteboard_compiles_for_all_players() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(folder).expect("a folder for the movies");
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/haxe");
    for (name, more) in [("whiteboard.swf", &[][..]), ("whiteboard_ruffle.swf", &["-D", "ruffle"][..])] {
        let movie = folder.join(name);
        let mut haxe = Command::new("haxe");
        haxe.current_dir(&sources).args(["--main", "Whiteboard", "--swf"]).arg(&movie);
        haxe.arg("-cp").arg(clients::sources().join("ruffle")).args(more);
        let finished = Process::start(&mut haxe).finish(Duration::from_mins(1));
        assert!(finished.status.success(), "{name} does not compile:\n{}", finished.stderr);
    }
}
