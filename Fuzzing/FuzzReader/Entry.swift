// Fuzzing: libFuzzer's way into `FuzzTargets.read`, and the mutations of `ModelMutator`.

internal import FuzzSupport

/// One input, whose answer is always 0: only a crash counts.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  FuzzTargets.read(Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}

/// Called once, before all inputs.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
  _ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?
) -> CInt {
  LibFuzzer.writeSeeds()
  return 0
}

/// Changes an input and says how long it is then.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(
  _ bytes: UnsafeMutablePointer<UInt8>?, _ count: Int, _ capacity: Int, _ seed: CUnsignedInt
) -> Int {
  LibFuzzer.mutate(bytes, count, capacity, seed)
}
