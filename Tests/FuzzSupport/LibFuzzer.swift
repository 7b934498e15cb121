// Fuzz support: libFuzzer's buffers as arrays.

internal import Foundation
internal import TestSupport

/// What libFuzzer asks for besides running inputs.
public enum LibFuzzer {
  /// Writes the seed models into the folder that the environment names in `SQUALL_FUZZ_SEEDS`.
  public static func writeSeeds() {
    guard let path = ProcessInfo.processInfo.environment["SQUALL_FUZZ_SEEDS"] else { return }
    for (number, seed) in SeedModels.all.enumerated() {
      let file = URL(filePath: path).appending(path: "seed-\(number)-\(seed.name)")
      try? Data(seed.bytes).write(to: file)
    }
  }

  /// Changes the `count` bytes at `start`, of which there may be up to `capacity`, and says how many
  /// there are then.
  public static func mutate(
    _ start: UnsafeMutablePointer<UInt8>?, _ count: Int, _ capacity: Int, _ seed: CUnsignedInt
  ) -> Int {
    let buffer = UnsafeMutableBufferPointer(start: start, count: capacity)
    var mutator = ModelMutator(SeededGenerator(seed: UInt64(seed)))
    let mutated = mutator.mutated(Array(buffer.prefix(count)))
    guard mutated.count <= capacity else { return count }
    _ = buffer.update(fromContentsOf: mutated)
    return mutated.count
  }
}
