"""Build hook: webrtcvad asks the metadata for its version, and the package is named webrtcvad-wheels.

PyInstaller's own hook looks for a package named webrtcvad, and fails.
"""

from PyInstaller.utils.hooks import copy_metadata

datas = copy_metadata("webrtcvad-wheels")
