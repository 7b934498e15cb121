// Tests of SquallCommand: the help texts, word for word. A change here is a change that users see.

import Testing

@Suite struct HelpTests {
  @Test(arguments: texts.keys.sorted()) func helpIsWordForWord(_ verb: String) throws {
    let arguments = (verb == "squall" ? [] : [verb]) + ["--help"]
    let outcome = try Program.run(arguments, environment: ["COLUMNS": "80"])
    #expect(outcome.status == 0)
    #expect(outcome.errors.isEmpty)
    #expect(outcome.output == Self.texts[verb])
  }

  static let texts: [String: String] = [
    "squall": """
    OVERVIEW: Run trained ocean and weather networks on NetCDF grids.

    Example: twelve radar frames in, a nowcast of the next 90 minutes out.

      squall nowcast SampleData/frames/*.nc -o nowcast.nc

    Exit codes: 0 done, 1 the run failed, 2 the check found a difference, 64 wrong
    usage, 65 bad input data, 66 input missing, 70 a bug here, 73 output cannot be
    created, 74 read/write failed, 75 not now, try again.

    USAGE: squall <subcommand>

    OPTIONS:
      --version               Show the version.
      -h, --help              Show help information.

    SUBCOMMANDS:
      nowcast                 Make a convective nowcast from the last frames of
                              rain.
      regrid                  Take variables to another grid, or a part of them to
                              a file of their own.
      inspect                 Say what a NetCDF file, an ONNX file or a model
                              package holds.
      run                     Run the bare network on .npy, .pb or NetCDF tensors.
      check                   Compare networks with their reference test vectors.
      bench                   Time a network: loading, running, memory, and each
                              operator's share.
      pack                    Lay a network's weights out for this processor, for
                              faster starts.

      See 'squall help <subcommand>' for detailed help.

    """,
    "nowcast": """
    OVERVIEW: Make a convective nowcast from the last frames of rain.

    Example: 90 minutes from the simulated squall line that comes with Squall.

      squall nowcast SampleData/frames/*.nc -o nowcast.nc

    The frames are NetCDF files, one or many times in each, in any order: rain
    rates or amounts on any CF grid, at least two in the last 40 minutes. The
    output is CF NetCDF on the same grid: rainfall_rate (mm h-1) and quality_flag
    by lead time, and on request the probability of reaching thresholds. It appears
    whole or not at all.

    USAGE: squall nowcast FRAMES... -o OUT.nc [options]

    ARGUMENTS:
      <frames>                NetCDF files with frames of rain.

    OPTIONS:
      -o, --output <file>     The NetCDF file to write.
      --model <dir>           The model package: a folder, or the name of a bundled
                              one. (default: convective-rain)
      --variable <name>       The variable that is the rain; else the only one that
                              can be it.
      --reference-time <time> Forecast from the frame of this time, as in
                              2016-07-11T20:30Z; later ones are not read. (default:
                              the newest frame)
      --lead-time <duration>  How far to forecast. (default: PT90M)
      --step <duration>       The time between forecast fields. (default: PT10M)
      --probabilities         Also write the probability of reaching each of the
                              model's thresholds.
      --memory-limit <size>   Let a network take at most this much memory, as in
                              2GB, 512MiB or 1000000; else what the machine has.
      --precision <precision> Compute products in full (float32), or, where the
                              processor can, fast: rounded to bfloat16, which is up
                              to twice as fast and less exact. (values: full, fast;
                              default: full)
      --threads <n>           Use at most this many threads; else SQUALL_THREADS,
                              else one for each core.
      --json                  Print one JSON object on standard output and nothing
                              else there.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "inspect": """
    OVERVIEW: Say what a NetCDF file, an ONNX file or a model package holds.

    Example: what is in a radar frame, and what to do with it.

      squall inspect SampleData/frames/squall-line_20240718T1050Z.nc

    USAGE: squall inspect PATH... [options]

    ARGUMENTS:
      <paths>                 NetCDF files, or an ONNX file, or a folder with a
                              model.yaml or a model.onnx.

    OPTIONS:
      --plan                  Of an ONNX file: the graph before and after the
                              passes, and the plan step by step.
      --dim <name=n>          With --plan, a length that the network leaves open.
                              Once for each.
      --memory-limit <size>   Let a network take at most this much memory, as in
                              2GB, 512MiB or 1000000; else what the machine has.
      --threads <n>           Use at most this many threads; else SQUALL_THREADS,
                              else one for each core.
      --json                  Print one JSON object on standard output and nothing
                              else there.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "run": """
    OVERVIEW: Run the bare network on .npy, .pb or NetCDF tensors.

    Example: one array in, one array out.

      squall run model.onnx --input x=x.npy --output y=y.npy

    Lengths that the network leaves open are those of the inputs. A NetCDF variable
    is unpacked, missing values become NaN, and dimensions of length 1 are put in
    front where the network has more of them. Without --output the results are only
    described.

    USAGE: squall run NETWORK.onnx --input NAME=FILE... [--output NAME=FILE...] [options]

    ARGUMENTS:
      <network>               The ONNX file.

    OPTIONS:
      --input <name=file>     The file of one input: .npy, .pb, or
                              FILE.nc:variable. Once for each input.
      --output <name=file>    Where one output goes: .npy or .pb.
      --memory-limit <size>   Let a network take at most this much memory, as in
                              2GB, 512MiB or 1000000; else what the machine has.
      --precision <precision> Compute products in full (float32), or, where the
                              processor can, fast: rounded to bfloat16, which is up
                              to twice as fast and less exact. (values: full, fast;
                              default: full)
      --threads <n>           Use at most this many threads; else SQUALL_THREADS,
                              else one for each core.
      --json                  Print one JSON object on standard output and nothing
                              else there.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "check": """
    OVERVIEW: Compare networks with their reference test vectors.

    Example: the bundled convective network.

      squall check Models/convective-rain

    A case is a folder with model.onnx and test_data_set_*/input_K.pb, output_K.pb
    (ONNX's backend-test layout), or a model package; other folders are searched
    for cases. A tolerance.json with rtol and atol may stand beside them, else 1e-3
    and 1e-7. One line a case: pass, FAIL with why, or unsupported with which
    operator. Exit code 0 if all pass, else 2.

    USAGE: squall check PATH... [options]

    ARGUMENTS:
      <paths>                 Cases, folders of cases, or model packages.

    OPTIONS:
      --time-limit <seconds>  Give up on a case after this many seconds. (default:
                              60)
      --passes <passes>       Compile with no pass over the graph (none), with all,
                              with each alone in turn, or with one by its name: to
                              find a pass that changes results. (default: all)
      --memory-limit <size>   Let a network take at most this much memory, as in
                              2GB, 512MiB or 1000000; else what the machine has.
      --precision <precision> Compute products in full (float32), or, where the
                              processor can, fast: rounded to bfloat16, which is up
                              to twice as fast and less exact. (values: full, fast;
                              default: full)
      --threads <n>           Use at most this many threads; else SQUALL_THREADS,
                              else one for each core.
      --json                  Print one JSON object on standard output and nothing
                              else there.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "bench": """
    OVERVIEW: Time a network: loading, running, memory, and each operator's share.

    Example: where the time of the bundled network goes.

      squall bench Models/convective-rain --threads 2

    Inputs that are not given are those of test_data_set_0 beside the network,
    where there are any, else random numbers that are the same each time.

    USAGE: squall bench PATH [--input NAME=FILE...] [--dim NAME=N...] [options]

    ARGUMENTS:
      <path>                  An ONNX file, or a folder with a model.onnx or a
                              model package.

    OPTIONS:
      --input <name=file>     The file of one input: .npy, .pb, or
                              FILE.nc:variable. Once for each.
      --dim <name=n>          A length that the network leaves open; given, the
                              inputs are random. Once for each.
      --runs <n>              Runs that count, after one that does not. (default: 5)
      --seed <n>              What the random inputs begin with. (default: 0)
      --memory-limit <size>   Let a network take at most this much memory, as in
                              2GB, 512MiB or 1000000; else what the machine has.
      --precision <precision> Compute products in full (float32), or, where the
                              processor can, fast: rounded to bfloat16, which is up
                              to twice as fast and less exact. (values: full, fast;
                              default: full)
      --threads <n>           Use at most this many threads; else SQUALL_THREADS,
                              else one for each core.
      --json                  Print one JSON object on standard output and nothing
                              else there.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "pack": """
    OVERVIEW: Lay a network's weights out for this processor, for faster starts.

    Example: a network that a script starts every ten minutes.

      squall pack Models/convective-rain/network.onnx

    Writes NAME.squall beside NAME.onnx, as large as the weights. Later starts map
    it and are ready in milliseconds, and processes share its pages. It is ignored,
    with a remark, once the network, the processor's kernels or Squall are others;
    pack again then.

    USAGE: squall pack MODEL [--dim NAME=N...] [--verify] [options]

    ARGUMENTS:
      <path>                  An ONNX file.

    OPTIONS:
      --dim <name=n>          A length that the network leaves open. Once for each.
      --verify                Write nothing: compare the checksums of the file that
                              is there.
      --memory-limit <size>   Let a network take at most this much memory, as in
                              2GB, 512MiB or 1000000; else what the machine has.
      --precision <precision> Compute products in full (float32), or, where the
                              processor can, fast: rounded to bfloat16, which is up
                              to twice as fast and less exact. (values: full, fast;
                              default: full)
      --threads <n>           Use at most this many threads; else SQUALL_THREADS,
                              else one for each core.
      --json                  Print one JSON object on standard output and nothing
                              else there.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "regrid": """
    OVERVIEW: Take variables to another grid, or a part of them to a file of their
    own.

    Example: sea surface temperature of the North Sea on a grid of a tenth of a
    degree.

      squall regrid sst.nc -o north-sea.nc --onto=-4:9:0.1,51:61:0.1

    Inputs are NetCDF files or patterns of such, joined along whatever axis they
    differ in. Without --onto, values stay on their grid. GRID is r360x180 or
    global_0.25, n80 (Gaussian), LON:LON:STEP,LAT:LAT:STEP, or a NetCDF file whose
    grid is meant. The output is CF-1.11 and appears whole or not at all.

    USAGE: squall regrid INPUT... -o OUT.nc [--onto GRID] [options]

    ARGUMENTS:
      <inputs>                NetCDF files, joined into one dataset.

    OPTIONS:
      -o, --output <file>     The NetCDF file to write.
      --onto <grid>           The grid to go to.
      --method <method>       How to get there: nearest, bilinear, bicubic,
                              conservative, conservative2. (default: bilinear)
      --levels <levels>       Interpolate to these levels, as in 0,10,50 m:
                              linearly, for pressures in their logarithm.
      --fill <method>         Fill what is missing on the output's grid: nearest or
                              diffusion, with a reach as in nearest=200 (km).
      --variable <name>       A variable by its name, standard name or long name;
                              else all on a grid. Once for each.
      --time <times>          Which times, as in 2016-07, 2016-07-11T12:00,
                              2016/2018-06, 2016/2018/P1M, first or last.
      --level <levels>        Which levels, as in '500 hPa', '0/100 m' (from, to),
                              '~510 hPa' (the nearest), first or #3.
      --entry <axis=entry>    One entry of another axis, as in realization=3. Once
                              for each.
      --box <west,east,south,north>
                              Which part of the Earth, in degrees; may cross the
                              date line.
      --west <degrees>        Begin columns at this longitude: -180 or 0 in most
                              cases.
      --compression <method>  Lossless compression: none, deflate or zstd, with a
                              level as in deflate=4. (default: deflate)
      --digits <n>            Keep this many significant digits, 1 to 7; files
                              become several times smaller.
      --chunks <maps|series>  Lay values out for reading maps, or for series at a
                              place. (default: maps)
      --checksum              Also write FILE.sha256 with the file's checksum.
      --weights <dir>         Keep weights in this folder for the next time, which
                              is then faster.
      --threads <n>           Use at most this many threads; else SQUALL_THREADS,
                              else one for each core.
      --json                  Print one JSON object on standard output and nothing
                              else there.
      --version               Show the version.
      -h, --help              Show help information.

    """,
  ]
}
