// Tests of Networks: mutated models, for a few seconds; `make fuzz` goes on for as long as one likes.

import FuzzSupport
import Foundation
import TestSupport
import Testing

@Suite struct MutationTests {
  /// Everything that fuzzing ever found, and the seeds: none may crash or hang.
  @Test func theCorpusIsHarmless() throws {
    for seed in SeedModels.all {
      FuzzTargets.read(seed.bytes)
      FuzzTargets.plan(seed.bytes)
    }
    let folder = SharedFolder.checkout.appending(path: "Fuzzing/Corpus")
    let files = try FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: nil)
    #expect(!files.isEmpty)
    for file in files {
      let bytes = try [UInt8](Data(contentsOf: file))
      FuzzTargets.read(bytes)
      FuzzTargets.plan(bytes)
    }
  }

  /// The seeds are what they claim: mutations of what is refused anyway would test little.
  @Test func theSeedsRun() {
    var supported = 0
    for seed in SeedModels.all {
      guard FuzzTargets.plan(seed.bytes) else {
        #expect(FuzzTargets.isUnsupported(seed.bytes), "\(seed.name)")
        continue
      }
      supported += 1
    }
    #expect(supported > 60)
  }

  @Test func everyTruncationIsAnswered() throws {
    for name in ["loop", "function", "sparse", "external"] {
      let seed = try #require(SeedModels.all.first { $0.name == name })
      for length in 0..<seed.bytes.count { FuzzTargets.read(Array(seed.bytes.prefix(length))) }
    }
  }

  /// Two seconds of mutations, the same ones each time: a change is judged by what it changed.
  /// SQUALL_MUTATION_SEED gives others, SQUALL_MUTATION_SECONDS more.
  @Test func mutatedModelsAreHarmless() throws {
    let environment = ProcessInfo.processInfo.environment["SQUALL_MUTATION_SEED"]
    let seed = environment.flatMap { UInt64($0) } ?? 20_261_121
    print("mutation seed: \(seed)")
    var seeds = SeedModels.all.map(\.bytes)
    if SharedFolder.exists("conformance") {
      let conformance = SharedFolder.url.appending(path: "conformance")
      let cases = try FileManager.default.contentsOfDirectory(
        at: conformance, includingPropertiesForKeys: nil
      ).sorted { $0.path < $1.path }
      for folder in cases {
        let bytes = try? Data(contentsOf: folder.appending(path: "model.onnx"))
        if let bytes, bytes.count < 16_384 { seeds.append([UInt8](bytes)) }
      }
    }
    var random = SeededGenerator(seed: seed)
    var mutator = ModelMutator(SeededGenerator(seed: seed ^ 1))
    let clock = ContinuousClock()
    let wanted = ProcessInfo.processInfo.environment["SQUALL_MUTATION_SECONDS"]
    let end = clock.now + .seconds(wanted.flatMap { Int($0) } ?? 2)
    var count = 0
    while clock.now < end {
      let first = seeds[Int(random.next() % UInt64(seeds.count))]
      let second = seeds[Int(random.next() % UInt64(seeds.count))]
      let bytes = mutator.mutated(first, mixing: second)
      FuzzTargets.read(bytes)
      FuzzTargets.plan(bytes)
      count += 1
    }
    #expect(count > 10)
  }
}
