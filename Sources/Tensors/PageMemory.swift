// Room: Tensors. Pages of memory: large ones for large blocks, those of mapped files given back.

internal import CVectorKernels

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// Memory aligned for vectors, in large pages where it fills them: those are touched several times
/// faster the first time.
package enum PageMemory {
  private static let largePage = 2 << 20

  /// Done once: the gaps that freed weights leave in the heap are several times what is used.
  private static let returnsLargeBlocks: Void = squall_return_blocks(2 * largePage)

  /// How many bytes `allocate` takes for so many.
  package static func padded(_ byteCount: Int) -> Int {
    // Vector kernels may read, never write, up to a full vector past the end.
    (byteCount + TensorStorage.alignment - 1) / TensorStorage.alignment * TensorStorage.alignment
      + TensorStorage.alignment
  }

  /// Memory for `byteCount` bytes, not initialised.
  package static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
    let bytes = padded(byteCount)
    guard bytes >= 2 * largePage else {
      return .allocate(byteCount: bytes, alignment: TensorStorage.alignment)
    }
    _ = returnsLargeBlocks
    let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: largePage)
    #if os(Linux)
      // Advice only: where the system declines, the memory is as good. The end that fills no large
      // page keeps small ones.
      madvise(memory, bytes / largePage * largePage, MADV_HUGEPAGE)
    #endif
    return memory
  }
}

/// The pages of mapped files.
package enum MappedPages {
  /// Lets the system take back the whole pages of a mapped file within `bytes`; they are read again
  /// where somebody asks for them.
  package static func letGo(_ bytes: UnsafeRawBufferPointer) {
    #if os(Linux)
      let page = 4096
      guard let base = bytes.baseAddress, bytes.count >= 16 * page else { return }
      let size = Int(sysconf(Int32(_SC_PAGESIZE)))
      let start = (Int(bitPattern: base) + size - 1) / size * size
      let end = (Int(bitPattern: base) + bytes.count) / size * size
      guard end > start, let first = UnsafeMutableRawPointer(bitPattern: start) else { return }
      madvise(first, end - start, MADV_DONTNEED)
    #endif
  }
}
