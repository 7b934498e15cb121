// Room: SquallCommand. Runs reference cases in a worker process, so that none can end the run.

internal import Foundation
internal import Networks

/// Hands cases to a worker and makes a report of whatever comes back.
struct IsolatedRunner {
  private let worker: CaseWorker
  private let timeLimit: Duration

  init(threads: Int?, compilation: NetworkOptions, timeLimit: Duration) throws(Failure) {
    guard let executable = Executable.url else {
      throw Failure(.runFailed, "cannot find this program's own file, which runs the cases")
    }
    worker = CaseWorker(
      executable: executable,
      arguments: ["check", "--worker"]
        + (threads.map { ["--threads", String($0)] } ?? [])
        + compilation.arguments)
    self.timeLimit = timeLimit
  }

  func run(_ description: CaseDescription) throws -> CaseReport {
    let clock = ContinuousClock()
    let start = clock.now
    let answer = try worker.ask(JSONReport.text(description, pretty: false), timeout: timeLimit)
    let seconds = (clock.now - start).seconds
    func failed(_ detail: String) -> CaseReport {
      CaseReport(
        name: description.name, status: .fail, maxAbs: nil, maxRel: nil, seconds: seconds,
        detail: detail)
    }
    switch answer {
    case .line(let line): return JSONReport.read(line) ?? failed("answered '\(line.prefix(80))'")
    case .died(let how): return failed(how)
    case .timedOut: return failed("took longer than \(timeLimit.components.seconds) s")
    }
  }
}

/// The worker's side: reads cases from standard input until it ends.
enum CaseServer {
  static func serve(_ options: CompiledNetwork.Options) -> Never {
    limitResources()
    while let line = readLine() {
      guard let description: CaseDescription = JSONReport.read(line) else {
        Console.error("the worker did not understand '\(line.prefix(80))'")
        Console.finish(.bug)
      }
      Console.print(JSONReport.text(CaseRunner.run(description, options), pretty: false))
    }
    Console.finish(.done)
  }

  /// A case that asks for more memory than there is shall fail alone, and leave no core file.
  private static func limitResources() {
    let bytes = rlim_t(ProcessInfo.processInfo.physicalMemory)
    // Sanitizers set aside more addresses than there is memory; a limit would leave them none.
    if addressSpace < bytes {
      var memory = rlimit(rlim_cur: bytes, rlim_max: bytes)
      setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &memory)
    }
    var core = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &core)
  }

  /// The addresses that this process has set aside, in bytes; 0 where the system does not say.
  private static var addressSpace: rlim_t {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    let pages = text.split(separator: " ").first.flatMap { rlim_t($0) } ?? 0
    return pages.multipliedReportingOverflow(by: rlim_t(getpagesize())).partialValue
  }
}
