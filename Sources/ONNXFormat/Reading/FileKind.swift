// Room: ONNXFormat. Recognises files of other kinds, so that the error can say what they are.

/// Files that people take for ONNX models.
enum FileKind {
  /// Throws a helpful error where `file` begins like a well-known file of another kind.
  static func refuseKnownOthers(_ file: MappedFile) throws(ONNXError) {
    guard file.count > 0 else {
      throw ONNXError(.truncated, "is empty; fetch or export it again", file: file.path)
    }
    let start = file.withBytes { Array($0.prefix(64)) }
    for (signature, advice) in others where start.starts(with: signature) {
      throw ONNXError(.malformed, advice, file: file.path)
    }
  }

  private static let others: [(signature: [UInt8], advice: String)] = [
    (
      Array("version https://git-lfs".utf8),
      "is a Git LFS pointer, not the model; run `git lfs pull`"
    ),
    ([0x89, 0x48, 0x44, 0x46], "is an HDF5 or NetCDF-4 file, not an ONNX model; give the .onnx"),
    (Array("CDF".utf8), "is a NetCDF file, not an ONNX model; give the .onnx"),
    (
      [0x50, 0x4B, 0x03, 0x04],
      "is a zip or PyTorch file, not an ONNX model; export it with torch.onnx.export"
    ),
    ([0x93, 0x4E, 0x55, 0x4D], "is a NumPy array, not an ONNX model; give the .onnx"),
    (Array("<!DOCTYPE".utf8), "is a web page, not an ONNX model; the download went wrong"),
    (Array("<html".utf8), "is a web page, not an ONNX model; the download went wrong"),
  ]
}
