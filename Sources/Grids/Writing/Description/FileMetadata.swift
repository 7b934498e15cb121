// Room: Grids. What a file in the making says about itself as a whole.

public import GridFiles

/// What a file says about itself: the global attributes of CF-1.11 and ACDD-1.3.
///
/// What the description of the file implies (conventions, extent in space and time, keywords, an
/// identifier) need not be given; what is given wins. What only a person can know and nobody has
/// given is said to be `unstated`.
public struct FileMetadata: Sendable {
  /// A person, a group or an institution.
  public struct Party: Sendable, Hashable {
    /// The name.
    public var name: String?
    /// An address for letters.
    public var email: String?
    /// A web address.
    public var url: String?
    /// `person`, `group`, `institution` or `position`.
    public var type: String?
    /// The institution of a person.
    public var institution: String?

    /// Describes a party.
    public init(
      name: String? = nil, email: String? = nil, url: String? = nil, type: String? = nil,
      institution: String? = nil
    ) {
      self.name = name
      self.email = email
      self.url = url
      self.type = type
      self.institution = institution
    }
  }

  /// A file from which this one was made.
  public struct Input: Sendable, Hashable {
    /// The file's name, without its folder.
    public var name: String
    /// The SHA-256 of its bytes in hexadecimal digits, where it was taken.
    public var sha256: String?

    /// Names an input.
    public init(name: String, sha256: String? = nil) {
      self.name = name
      self.sha256 = sha256
    }

    /// Names an input and takes its checksum.
    ///
    /// **Throws** `GridError` where the file cannot be read.
    public init(readingChecksumOf path: String) throws(GridError) {
      name = path.split(separator: "/").last.map(String.init) ?? path
      sha256 = try files { () throws(GridFileError) in try SHA256.hexDigest(ofFileAt: path) }
    }
  }

  /// Where the time of making comes from, which is `date_created` and stands in `history`.
  public enum Clock: Sendable, Hashable {
    /// The reference time of a forecast, else the last time of the data: the same input gives the
    /// same file.
    case data
    /// A time that the caller gives: the clock's, or that of `SOURCE_DATE_EPOCH`.
    case time(CFTime)
  }

  /// A line for a heading; made from the variables where nil.
  public var title: String?
  /// A paragraph; made from variables, grid and times where nil.
  public var summary: String?
  /// Key words; the variables' standard names where empty.
  public var keywords: [String] = []
  /// An identifier, unique under `namingAuthority`; made from the content's description where nil.
  public var identifier: String?
  /// The organisation that gives identifiers, as a reversed domain name.
  public var namingAuthority: String?
  /// Who made the data.
  public var creator = Party()
  /// Who publishes them.
  public var publisher = Party()
  /// Where the data were made.
  public var institution: String?
  /// How: the model or the observations, and their versions.
  public var source: String?
  /// The project.
  public var project: String?
  /// The level of processing.
  public var processingLevel: String?
  /// What others may do with the data.
  public var license: String?
  /// Thanks.
  public var acknowledgement: String?
  /// The version of the product.
  public var productVersion: String?
  /// Publications and web pages.
  public var references: String?
  /// Anything else.
  public var comment: String?
  /// What this run did, for `history`.
  public var action: String?
  /// The `history` of the input, to which this run's line is added.
  public var inputHistory: String?
  /// The files from which this one was made.
  public var inputs: [Input] = []
  /// Where the time of making comes from.
  public var clock: Clock = .data
  /// Stands for what nobody has given; nil leaves such attributes out.
  public var unstated: String? = "not stated"
  /// More global attributes; they win over all others.
  public var attributes: NetCDFAttributes = [:]

  /// Nothing but what is implied.
  public init() {}

  /// Takes over what an input's global attributes say and what holds for everything made from it.
  ///
  /// What is set already stays. `history` becomes `inputHistory`.
  public mutating func inherit(_ input: NetCDFAttributes) {
    let take = { (own: inout String?, name: String) in
      if own == nil, let text = input.text(name), !text.isEmpty { own = text }
    }
    take(&inputHistory, "history")
    take(&institution, "institution")
    take(&source, "source")
    take(&project, "project")
    take(&license, "license")
    take(&acknowledgement, "acknowledgement")
    take(&acknowledgement, "acknowledgment")
    take(&references, "references")
    take(&comment, "comment")
    take(&namingAuthority, "naming_authority")
    take(&creator.name, "creator_name")
    take(&creator.email, "creator_email")
    take(&creator.url, "creator_url")
    take(&creator.type, "creator_type")
    take(&creator.institution, "creator_institution")
    take(&publisher.name, "publisher_name")
    take(&publisher.email, "publisher_email")
    take(&publisher.url, "publisher_url")
  }

  /// What the environment says: `SQUALL_CREATOR_NAME`, `_EMAIL`, `_URL`, `_TYPE`, `_INSTITUTION`, the
  /// same for `SQUALL_PUBLISHER`, `SQUALL_INSTITUTION`, `SQUALL_PROJECT`, `SQUALL_LICENSE`,
  /// `SQUALL_ACKNOWLEDGEMENT`, `SQUALL_NAMING_AUTHORITY`, and `SOURCE_DATE_EPOCH` for the clock.
  public static func fromEnvironment(_ environment: [String: String]) -> FileMetadata {
    let text = { (name: String) -> String? in
      environment[name].map(\.trimmingBlanks).flatMap { $0.isEmpty ? nil : $0 }
    }
    let party = { (who: String) in
      Party(
        name: text("SQUALL_\(who)_NAME"), email: text("SQUALL_\(who)_EMAIL"),
        url: text("SQUALL_\(who)_URL"), type: text("SQUALL_\(who)_TYPE"),
        institution: text("SQUALL_\(who)_INSTITUTION"))
    }
    var metadata = FileMetadata()
    metadata.creator = party("CREATOR")
    metadata.publisher = party("PUBLISHER")
    metadata.institution = text("SQUALL_INSTITUTION")
    metadata.project = text("SQUALL_PROJECT")
    metadata.license = text("SQUALL_LICENSE")
    metadata.acknowledgement = text("SQUALL_ACKNOWLEDGEMENT")
    metadata.namingAuthority = text("SQUALL_NAMING_AUTHORITY")
    if let seconds = text("SOURCE_DATE_EPOCH").flatMap(Int64.init),
      let time = CFTimeUnits.secondsSince1970().time(seconds)
    {
      metadata.clock = .time(time)
    }
    return metadata
  }
}
