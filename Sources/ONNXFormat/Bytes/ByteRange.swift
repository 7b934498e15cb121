// Room: ONNXFormat. A part of a mapped file, with the reference that keeps the file mapped.

/// A range of bytes together with their owner.
public struct ByteRange: Sendable {
  /// The mapped file, or the bytes in memory, that the range lies in.
  public let owner: MappedFile
  /// Where the range lies in its owner; always inside it.
  public let range: Range<Int>

  /// A range of `owner`'s bytes, or nil where it does not lie inside them.
  public init?(_ range: Range<Int>, of owner: MappedFile) {
    guard range.lowerBound >= 0, range.upperBound <= owner.count else { return nil }
    self.owner = owner
    self.range = range
  }

  /// All the bytes of `owner`.
  public init(all owner: MappedFile) {
    self.owner = owner
    range = 0..<owner.count
  }

  /// How many bytes there are.
  public var count: Int { range.count }

  /// Lends the bytes to `body`; they must not be used after it returns.
  ///
  /// **Edge cases.** The start may have any alignment: weights inside a model file usually lie at
  /// odd addresses.
  public func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(owner) {} }
    return try body(unsafeBytes)
  }

  /// The bytes, valid for as long as the caller keeps a reference to `owner`.
  package var unsafeBytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: owner.unsafeBytes[range])
  }
}
