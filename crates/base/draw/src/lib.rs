//! Charts, trees and graphs as SVG.
