// Room: SquallCommand. The version that `squall --version` prints.

/// The program's version.
let squallVersion = "0.1.0"
