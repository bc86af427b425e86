; The installer of Windows: for one person, without an administrator.
;   iscc /DVersion=1.2.3 /DNumbers=1.2.3 /DSource=C:\…\dist\captioner /DOutput=C:\…\dist\release resources\packaging\captioner.iss

#ifndef Version
  #error Version is not given: iscc /DVersion=1.2.3
#endif
#ifndef Numbers
  #define Numbers Version
#endif

[Setup]
AppId={{6B0C2C56-0F0B-4B57-9C3E-0B8C7F1D5A41}
AppName=Captioner
AppVersion={#Version}
AppVerName=Captioner {#Version}
AppPublisher=The captioner authors
VersionInfoVersion={#Numbers}
VersionInfoTextVersion={#Version}
DefaultDirName={autopf}\Captioner
DisableProgramGroupPage=yes
DisableDirPage=auto
PrivilegesRequired=lowest
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
LicenseFile=..\LICENSE
SetupIconFile=captioner.ico
UninstallDisplayIcon={app}\captionerw.exe
OutputDir={#Output}
OutputBaseFilename=captioner-{#Version}-windows-x86_64-setup
Compression=lzma2/max
SolidCompression=yes
WizardStyle=modern
CloseApplications=yes
ChangesEnvironment=no

[Languages]
Name: "en"; MessagesFile: "compiler:Default.isl"
#if FileExists(AddBackslash(CompilerPath) + "Languages\Korean.isl")
Name: "ko"; MessagesFile: "compiler:Languages\Korean.isl"
#endif

[Tasks]
Name: "desktopicon"; Description: "{cm:CreateDesktopIcon}"; GroupDescription: "{cm:AdditionalIcons}"; Flags: unchecked

[InstallDelete]
; What an older version had and this one has not would be loaded still.
Type: filesandordirs; Name: "{app}\_internal"

[Files]
Source: "{#Source}\*"; DestDir: "{app}"; Flags: recursesubdirs createallsubdirs ignoreversion

[Icons]
Name: "{autoprograms}\Captioner"; Filename: "{app}\captionerw.exe"; AppUserModelID: "org.captioner.Captioner"
Name: "{autodesktop}\Captioner"; Filename: "{app}\captionerw.exe"; Tasks: desktopicon

[Run]
Filename: "{app}\captionerw.exe"; Description: "{cm:LaunchProgram,Captioner}"; Flags: nowait postinstall skipifsilent
