// Room: ONNXFormat. What every reader of a part needs to know about the whole.

/// The file being read, where its external data may lie, and what there is to remark on.
final class ReadingContext {
  let file: MappedFile
  let external: ExternalData
  private(set) var remarks: [String] = []

  init(file: MappedFile, folder: String?) {
    self.file = file
    external = ExternalData(folder: folder)
  }

  /// The model's own file first; nothing for bytes in memory.
  var files: [MappedFile] { file.isMapped ? [file] + external.mapped : [] }

  func remark(_ text: String) {
    // A file with a million oddities is told about once or twice, not a million times.
    if remarks.count < 20 { remarks.append(text) }
  }
}

/// Runs `read`; an error says that it happened inside `place`.
func within<Result>(
  _ place: @autoclosure () -> String, _ read: () throws(ONNXError) -> Result
) throws(ONNXError) -> Result {
  do {
    return try read()
  } catch {
    throw error.inside(place())
  }
}

/// Sets `value`, which a message holds at most once.
func setOnce<Value>(
  _ slot: inout Value?, _ value: Value, _ what: String
) throws(ONNXError) {
  guard slot == nil else {
    throw ONNXError(.malformed, "has \(what) twice; the file is damaged")
  }
  slot = value
}

/// Reads a `StringStringEntryProto`.
func readEntry(_ message: WireReader) throws(ONNXError) -> (key: String, value: String) {
  var reader = message
  var key = ""
  var value = ""
  while let field = try reader.nextField() {
    switch field.number {
    case 1: key = try reader.text(field)
    case 2: value = try reader.text(field)
    default: try reader.skip(field)
    }
  }
  return (key, value)
}
