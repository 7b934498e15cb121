// swift-tools-version: 6.2
// A program that makes nowcasts with Squall as a library. A package of your own names the
// repository instead of the folder above:
//
//   .package(url: "URL-OF-THIS-REPOSITORY", branch: "main")

import PackageDescription

let package = Package(
  name: "NowcastProgram",
  dependencies: [.package(name: "squall", path: "../..")],
  targets: [
    .executableTarget(
      name: "NowcastProgram", dependencies: [.product(name: "Squall", package: "squall")])
  ])
