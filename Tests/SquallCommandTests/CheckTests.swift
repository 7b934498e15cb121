// Tests of SquallCommand: `squall check`, whose lines and exit code other tools rely on.

import Foundation
import SquallCommand
import TestSupport
import Testing

@Suite struct CheckTests {
  @Test func linesAndExitCodesAreTheContract() throws {
    let folder = try ScratchFolder()
    try TinyNetwork().writeCase("a_good", in: folder, input: [-1, 2], output: [0, 2])
    try TinyNetwork().writeCase("b_wrong", in: folder, input: [-1, 2], output: [0, 3])
    try TinyNetwork(opType: "NoSuchOperator")
      .writeCase("c_unknown", in: folder, input: [1], output: [1])

    let all = try Program.run(["check", folder.url.path])
    #expect(all.status == 2)
    let lines = all.output.split(separator: "\n").map(String.init)
    try #require(lines.count == 4)
    #expect(lines[0] == "pass a_good max_abs=0 max_rel=0")
    #expect(lines[1].hasPrefix("FAIL b_wrong "))
    #expect(lines[2] == "unsupported c_unknown NoSuchOperator")
    #expect(lines[3] == "1 passed, 1 failed, 1 unsupported")
    #expect(all.errors.isEmpty)

    let good = try Program.run(["check", folder.path("a_good")])
    #expect(good.status == 0)
    #expect(good.output == "pass a_good max_abs=0 max_rel=0\n1 passed, 0 failed, 0 unsupported\n")
  }

  @Test func jsonIsOneObjectWithEveryCase() throws {
    let folder = try ScratchFolder()
    try TinyNetwork().writeCase("a_good", in: folder, input: [-1, 2], output: [0, 2])
    try TinyNetwork().writeCase("b_wrong", in: folder, input: [-1, 2], output: [0, 2.5])
    let outcome = try Program.run(["check", folder.url.path, "--json"])
    #expect(outcome.status == 2)
    let cases = try #require(outcome.object?["cases"] as? [[String: Any]])
    try #require(cases.count == 2)
    for report in cases {
      #expect(
        Set(report.keys) == ["name", "status", "max_abs", "max_rel", "seconds", "detail"])
    }
    #expect(cases.map { $0["status"] as? String } == ["pass", "fail"])
    #expect(cases[1]["max_abs"] as? Double == 0.5)
  }

  @Test func damagedCasesFailAloneAndAllAreReported() throws {
    let folder = try ScratchFolder()
    try TinyNetwork().writeCase("damaged", in: folder, input: [1], output: [1])
    try TinyNetwork().writeCase("good", in: folder, input: [1], output: [1])
    try Data(TinyNetwork().bytes.dropLast(20)).write(
      to: folder.url.appending(path: "damaged/model.onnx"))
    let outcome = try Program.run(["check", folder.url.path])
    #expect(outcome.status == 2)
    #expect(outcome.output.hasPrefix("FAIL damaged "))
    #expect(outcome.output.hasSuffix("\n1 passed, 1 failed, 0 unsupported\n"))
  }

  @Test func aFolderWithoutCasesIsBadInputAndAMissingOneMissing() throws {
    let folder = try ScratchFolder()
    let empty = try Program.run(["check", folder.url.path])
    #expect(empty.status == 65)
    #expect(empty.errorLines.count == 1)
    #expect(try Program.run(["check", folder.path("nowhere")]).status == 66)
  }

  @Test func filesBesideCasesArePassedOver() throws {
    let folder = try ScratchFolder()
    try TinyNetwork().writeCase("good", in: folder, input: [1], output: [1])
    try Data("words".utf8).write(to: folder.url.appending(path: "README.md"))
    try FileManager.default.createDirectory(
      at: folder.url.appending(path: "empty"), withIntermediateDirectories: true)
    let readme = folder.path("README.md")
    let outcome = try Program.run(["check", readme, folder.path("empty"), folder.path("good")])
    #expect(outcome.status == 0)
    #expect(outcome.output.hasSuffix("\n1 passed, 0 failed, 0 unsupported\n"))
    #expect(outcome.errorLines.count == 2)
    #expect(outcome.errorLines.first?.contains("README.md: passed over") == true)

    let alone = try Program.run(["check", readme])
    #expect(alone.status == 65)
    #expect(alone.output.isEmpty)
    #expect(alone.errorLines.count == 1)
    #expect(try Program.run(["check", readme, folder.path("nowhere")]).status == 66)
  }

  @Test func aWorkerThatDiesIsReplacedAndItsEndTold() throws {
    let folder = try ScratchFolder()
    let script = folder.path("worker")
    try """
    #!/bin/sh
    while read -r line; do
      case "$line" in
        crash) echo 'Fatal error: Index out of range' >&2; kill -SEGV $$ ;;
        leave) exit 7 ;;
        sleep) exec sleep 60 ;;
        *) echo "did $line" ;;
      esac
    done
    """.write(toFile: script, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
    let worker = CaseWorker(executable: URL(filePath: script), arguments: [])
    #expect(try worker.ask("a", timeout: .seconds(20)) == .line("did a"))
    #expect(
      try worker.ask("crash", timeout: .seconds(20))
        == .died("crashed with signal 11: Fatal error: Index out of range"))
    #expect(try worker.ask("b", timeout: .seconds(20)) == .line("did b"))
    #expect(
      try worker.ask("leave", timeout: .seconds(20)) == .died("ended the worker with exit code 7"))
    #expect(try worker.ask("sleep", timeout: .milliseconds(200)) == .timedOut)
    #expect(try worker.ask("c", timeout: .seconds(20)) == .line("did c"))
  }

  @Test func theBundledModelPasses() throws {
    let outcome = try Program.run(["check", "Models/convective-rain"])
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    #expect(outcome.output.hasPrefix("pass convective-rain "))
  }

  @Test(arguments: ["none", "each", "all", "convolution-fusion"])
  func theBundledModelPassesWithAnyPasses(_ passes: String) throws {
    let outcome = try Program.run(["check", "Models/convective-rain", "--passes", passes])
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
  }

  @Test func unknownPassesAreWrongUsage() throws {
    let outcome = try Program.run(["check", "Models/convective-rain", "--passes", "magic"])
    #expect(outcome.status == 64)
    #expect(outcome.errors.contains("--passes is 'magic'"))
  }

  @Test(
    .enabled(if: SharedFolder.exists("networks/smaat_unet")),
    arguments: ["smaat_unet", "rainnet", "convlstm", "convgru_loop"])
  func nowcastNetworksPass(_ name: String) throws {
    let path = SharedFolder.url.appending(path: "networks/\(name)").path
    let outcome = try Program.run(["check", path])
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
  }
}
