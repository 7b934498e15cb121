// Room: Grids. Forecasts that a crash does not undo: each time is kept in a journal until the file is
// whole.

internal import GridFiles
import Synchronization

extension FieldWriter {
  /// Begins the file at `path`, or goes on with it where an earlier run was killed: `times` says what
  /// is there already.
  ///
  /// Each time that is appended is kept in a hidden journal beside the target, which goes when the
  /// file is committed; `abandon` keeps it. The finished file has the same bytes as one that was
  /// written without a break. Only `append` may be used, not `write`.
  /// **Throws** `GridError`: `mismatch` where the earlier run was to write something else,
  /// `file(.busy)` where another process is at it, or the file's failure.
  public convenience init(
    resuming path: String, description: FieldFileDescription
  ) throws(GridError) {
    let heading = JournalHeading(description)
    let journal: WriteJournal
    do throws(GridFileError) {
      journal = try WriteJournal(target: path, heading: heading.bytes) {
        heading.difference(from: $0)
      }
    } catch {
      // The only thing out of bounds here is a heading of something else.
      throw error.code == .outOfBounds ? GridError(error).with(.mismatch) : GridError(error)
    }
    do throws(GridError) {
      try self.init(path: path, description: description)
      for record in journal.records {
        guard let piece = JournalPiece(bytes: record) else {
          throw GridError(
            .mismatch, path: path, "its journal cannot be understood; remove it to begin anew")
        }
        try append(
          time: piece.time(description), cell: piece.cell(description), values: piece.values)
      }
    } catch {
      journal.close()
      throw error
    }
    setJournal(journal)
  }
}

extension GridError {
  fileprivate func with(_ code: Code) -> GridError {
    var result = self
    result.code = code
    return result
  }
}
