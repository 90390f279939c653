# SPDX-License-Identifier: GPL-3.0-or-later
"""German."""

from __future__ import annotations

TEXTS = {
    # The steps
    "Wrinkle": "Falten",
    "1  Photos": "1  Fotos",
    "2  Face": "2  Gesicht",
    "3  Wrinkles": "3  Falten",
    "4  Drive": "4  Bewegen",
    "5  Preview": "5  Vorschau",
    "6  Export": "6  Export",
    "System": "System",
    "Regions": "Regionen",
    "Maps": "Karten",
    "Bake and Copy": "Backen und kopieren",
    # The top of the tab and its jobs
    "New face": "Neues Gesicht",
    "Start with a photo of a face.": "Mit dem Foto eines Gesichts beginnen.",
    "Ready to reconstruct.": "Bereit zum Rekonstruieren.",
    "Up to date.": "Auf dem neuesten Stand.",
    "You can go on working. Esc cancels.": "Arbeiten Sie ruhig weiter. Esc bricht ab.",
    "Or drop photos onto the view.": "Oder Fotos auf die Ansicht ziehen.",
    "Shows the highlighted photo of the active face.": "Zeigt das hervorgehobene Foto des aktiven Gesichts.",
    "This shading shows no wrinkles.": "Diese Schattierung zeigt keine Falten.",
    "Show Wrinkles": "Falten zeigen",
    "Display": "Anzeige",
    "How the file browser shows the files": "Wie der Dateibrowser die Dateien zeigt",
    "Thumbnails": "Vorschaubilder",
    "Small pictures": "Kleine Bilder",
    "Reconstruct": "Rekonstruieren",
    "Find the face in the photos, fit the model, find the wrinkles and build the face. Esc cancels": (
        "Das Gesicht in den Fotos finden, das Modell anpassen, die Falten finden und das Gesicht bauen. Esc bricht ab"
    ),
    "Cancel": "Abbrechen",
    "Stop the work on this face; the file stays as it was": (
        "Die Arbeit an diesem Gesicht beenden; die Datei bleibt, wie sie war"
    ),
    "Cancelled: nothing was changed.": "Abgebrochen: Nichts wurde verändert.",
    "Nothing is being worked on.": "Es wird an nichts gearbeitet.",
    "Painting the skin": "Haut wird gemalt",
    "Packing the maps": "Karten werden gepackt",
    "New Face": "Neues Gesicht",
    "Leave this face as it is and begin another one with an empty photo list": (
        "Dieses Gesicht lassen, wie es ist, und ein weiteres mit leerer Fotoliste beginnen"
    ),
    "Remove Face": "Gesicht entfernen",
    "Remove the face with its material, images and settings; nothing of it stays in the file": (
        "Das Gesicht mit Material, Bildern und Einstellungen entfernen; nichts davon bleibt in der Datei"
    ),
    # Why a button is grey
    "Add a photo in step 1 first.": "Zuerst in Schritt 1 ein Foto hinzufügen.",
    "Enable the add-on in the preferences first.": "Zuerst das Add-on in den Einstellungen aktivieren.",
    "Leave edit, sculpt or paint mode first (Object Mode).": (
        "Zuerst den Bearbeitungs-, Skulptur- oder Malmodus verlassen (Objektmodus)."
    ),
    "Open a saved photo in an Image Editor first.": "Zuerst ein gespeichertes Foto in einem Bildeditor öffnen.",
    "Render a preview first.": "Zuerst eine Vorschau rendern.",
    "Select a face made by Reconstruct first.": "Zuerst ein rekonstruiertes Gesicht auswählen.",
    "Select another mesh with the same shape keys and UV too (Shift + click).": (
        "Zusätzlich ein anderes Mesh mit denselben Shape-Keys und derselben UV auswählen (Umschalt + Klick)."
    ),
    "The face has lost its shape keys. Reconstruct it again.": (
        "Das Gesicht hat seine Shape-Keys verloren. Es erneut rekonstruieren."
    ),
    "The list has no model.": "Die Liste enthält kein Modell.",
    "The list has no photo.": "Die Liste enthält kein Foto.",
    "This face is being worked on; wait for it, or cancel it with Esc.": (
        "An diesem Gesicht wird gearbeitet; warten oder mit Esc abbrechen."
    ),
    "A newer version of the add-on made this face. Update the add-on; the face is left as it is.": (
        "Eine neuere Version des Add-ons hat dieses Gesicht gemacht. Das Add-on aktualisieren; das Gesicht bleibt, "
        "wie es ist."
    ),
    "This face is linked from another file. Make it local to change it (Object > Relations > Make Local).": (
        "Dieses Gesicht ist aus einer anderen Datei verknüpft. Zum Ändern lokal machen (Objekt > Beziehungen > Lokal "
        "machen)."
    ),
    # 1 Photos
    "Photo": "Foto",
    "Photos": "Fotos",
    "The image file. All photos of a face must show the same person": (
        "Die Bilddatei. Alle Fotos eines Gesichts müssen dieselbe Person zeigen"
    ),
    "The photos of one person that the face is made from": "Die Fotos einer Person, aus denen das Gesicht entsteht",
    "Active Photo": "Aktives Foto",
    "The photo whose details are shown": "Das Foto, dessen Einzelheiten gezeigt werden",
    "Landmarks": "Landmarken",
    "A .pts file with the 68 points of this photo. Leave it empty to let them be found": (
        "Eine .pts-Datei mit den 68 Punkten dieses Fotos. Leer lassen, damit sie gefunden werden"
    ),
    "Status": "Status",
    "What the last reconstruction said about this photo": "Was die letzte Rekonstruktion zu diesem Foto gesagt hat",
    "Add Photos": "Fotos hinzufügen",
    "Add one or more photos of the same person; a sharp, evenly lit front view works best": (
        "Ein oder mehrere Fotos derselben Person hinzufügen; am besten scharf, gleichmäßig beleuchtet und von vorn"
    ),
    "Add Open Image": "Offenes Bild hinzufügen",
    "Add the photo that is open in an Image Editor": "Das Foto hinzufügen, das in einem Bildeditor offen ist",
    "Remove Photo": "Foto entfernen",
    "Take the highlighted photo off the list; the file itself stays": (
        "Das markierte Foto von der Liste nehmen; die Datei selbst bleibt"
    ),
    "The photo to add": "Das Foto, das hinzugefügt wird",
    "Folder": "Ordner",
    "The folder of the photos to add": "Der Ordner der Fotos, die hinzugefügt werden",
    "Files": "Dateien",
    "The names of the photos in the folder": "Die Namen der Fotos im Ordner",
    "Filter": "Filter",
    "The files that the file browser shows": "Die Dateien, die der Dateibrowser zeigt",
    # 2 Face
    "Face Model": "Gesichtsmodell",
    "The morphable face that is laid on the photo": "Das formbare Gesicht, das auf das Foto gelegt wird",
    "Built-In Face": "Eingebautes Gesicht",
    "The face that comes with the add-on; nothing else is needed": (
        "Das Gesicht, das mit dem Add-on kommt; sonst wird nichts gebraucht"
    ),
    "File or Folder": "Datei oder Ordner",
    "Your own model: Basel Face Model (.h5), eos model (.bin) or ICT-FaceKit folder": (
        "Ein eigenes Modell: Basel Face Model (.h5), eos-Modell (.bin) oder ICT-FaceKit-Ordner"
    ),
    "Model": "Modell",
    "Basel Face Model (.h5), eos model (.bin) or ICT-FaceKit folder; its generic_neutral_mesh.obj gives the whole head "
    "with eyes and teeth. Empty takes the preferences' one": (
        "Basel Face Model (.h5), eos-Modell (.bin) oder ICT-FaceKit-Ordner; dessen generic_neutral_mesh.obj gibt den "
        "ganzen Kopf mit Augen und Zähnen. Leer gilt das der Einstellungen"
    ),
    "UV": "UV",
    "A UV for a model that has none (.mat, .npy or .obj). Empty: one of low stretch is computed once": (
        "Eine UV für ein Modell, das keine hat (.mat, .npy oder .obj). Leer: Eine verzerrungsarme wird einmal berechnet"
    ),
    "Check Model": "Modell prüfen",
    "Read the face model and say what it is. The first time a large model takes a minute; it is remembered": (
        "Das Gesichtsmodell lesen und sagen, was es ist. Beim ersten Mal dauert ein großes eine Minute; es wird gemerkt"
    ),
    "In Preferences": "In den Einstellungen",
    "Check the preferences' model instead of the active face's": (
        "Das Modell der Einstellungen statt das des aktiven Gesichts prüfen"
    ),
    # 3 Wrinkles
    "Map Size": "Kartengröße",
    "Edge of the texture and of the maps in texels": "Kantenlänge der Textur und der Karten in Texeln",
    "A quick look; fine lines are lost": "Ein schneller Blick; feine Linien gehen verloren",
    "Good for faces seen from a few metres": "Gut für Gesichter, die man aus einigen Metern sieht",
    "The default: fine lines of a face that fills the picture": (
        "Die Vorgabe: feine Linien eines Gesichts, das das Bild füllt"
    ),
    "For large photos of 12 megapixels and more; needs about 4 GB of memory": (
        "Für große Fotos ab 12 Megapixeln; braucht etwa 4 GB Speicher"
    ),
    "Detector": "Detektor",
    "How wrinkles are told from everything else": "Wie Falten von allem anderen unterschieden werden",
    "Full": "Voll",
    "Tells wrinkles from hair, moles and shadow edges before it trusts a place": (
        "Unterscheidet Falten von Haaren, Leberflecken und Schattenkanten, bevor es einer Stelle traut"
    ),
    "DoG Only": "Nur DoG",
    "Plain difference of Gaussians, as in the original method": (
        "Einfache Differenz von Gaußfiltern wie im ursprünglichen Verfahren"
    ),
    "Places less confident than this (0 to 255) stay smooth. Lower finds more lines and more errors. "
    "Takes effect at once": (
        "Weniger sichere Stellen als diese (0 bis 255) bleiben glatt. Kleiner findet mehr Linien und mehr Fehler. "
        "Wirkt sofort"
    ),
    "Slope of the normal map: 150 is physically exact, 300 is twice as steep. Takes effect at once": (
        "Steigung der Normalen-Karte: 150 ist physikalisch genau, 300 doppelt so steil. Wirkt sofort"
    ),
    "Strength": "Stärke",
    "Depth of all wrinkles; 1 is the depth that was reconstructed. Takes effect at once": (
        "Tiefe aller Falten; 1 ist die rekonstruierte Tiefe. Wirkt sofort"
    ),
    "At Rest": "In Ruhe",
    "Share of the wrinkles that shows on the face at rest; expressions bring the others": (
        "Anteil der Falten, den das Gesicht in Ruhe zeigt; Ausdrücke bringen die übrigen"
    ),
    "True Displacement": "Echte Verschiebung",
    (
        "Wrinkles move the surface instead of shading it: for close-ups and silhouettes, and slower to render. "
        "Adds a subdivision, adaptive in Cycles"
    ): (
        "Falten verschieben die Oberfläche, statt sie zu schattieren: für Nahaufnahmen und Umrisse, und langsamer zu "
        "rendern. Fügt eine Unterteilung hinzu, in Cycles eine adaptive"
    ),
    "On": "An",
    "Show the wrinkles of this region": "Die Falten dieser Region zeigen",
    "Depth of the wrinkles in this region; 1 is the depth that was reconstructed": (
        "Tiefe der Falten in dieser Region; 1 ist die rekonstruierte Tiefe"
    ),
    "Onset": "Einsatz",
    "Wrinkles of this region stay away until the skin is compressed by this share": (
        "Die Falten dieser Region bleiben aus, bis die Haut um diesen Anteil gestaucht ist"
    ),
    "Power": "Exponent",
    "How wrinkles of this region grow: 1 evenly, 2 slowly at first, 0.5 quickly at first": (
        "Wie die Falten dieser Region wachsen: 1 gleichmäßig, 2 anfangs langsam, 0,5 anfangs schnell"
    ),
    "How strong the wrinkles show in each region": "Wie stark sich die Falten in jeder Region zeigen",
    "Wrinkle Presets": "Falten-Voreinstellungen",
    "Add Wrinkle Preset": "Falten-Voreinstellung hinzufügen",
    "Keep the settings of the wrinkles under a name, or remove the preset of that name": (
        "Die Einstellungen der Falten unter einem Namen behalten oder die Voreinstellung dieses Namens entfernen"
    ),
    # 4 Drive
    "Rest": "Ruhe",
    "Bring the face back to rest: every expression to 0": "Das Gesicht zur Ruhe bringen: jeder Ausdruck auf 0",
    "Try One": "Einen probieren",
    "Try an Expression": "Einen Ausdruck probieren",
    "Set the expression that wakes most of this face's wrinkles, to see the wrinkle map at work": (
        "Den Ausdruck setzen, der die meisten Falten dieses Gesichts weckt, um die Faltenkarte bei der Arbeit zu sehen"
    ),
    "Copy Wrinkles to Mesh": "Falten auf Mesh kopieren",
    "Give the face's wrinkles to the other selected mesh. It needs the same UV and shape keys of the same names": (
        "Die Falten des Gesichts dem anderen gewählten Mesh geben. Es braucht dieselbe UV und gleichnamige Shape-Keys"
    ),
    "Expressions that drive wrinkles in their own way": "Ausdrücke, die Falten auf ihre eigene Weise bewegen",
    "Drives": "Bewegt",
    "Customize": "Anpassen",
    "Let the chosen expression drive the wrinkles in its own way: strength, onset, power, or another source": (
        "Den gewählten Ausdruck die Falten auf seine eigene Weise bewegen lassen: Stärke, Einsatz, Exponent oder Quelle"
    ),
    "Reset": "Zurücksetzen",
    "No expression is chosen. Click one in the list.": "Kein Ausdruck ist gewählt. Einen in der Liste anklicken.",
    "Depth of the wrinkles at full weight; 1 is the depth that was reconstructed": (
        "Tiefe der Falten bei vollem Gewicht; 1 ist die rekonstruierte Tiefe"
    ),
    "Weight below which the expression wakes no wrinkle": "Gewicht, unter dem der Ausdruck keine Falte weckt",
    "How wrinkles grow with the weight: 1 evenly, 2 slowly at first, 0.5 quickly at first": (
        "Wie die Falten mit dem Gewicht wachsen: 1 gleichmäßig, 2 anfangs langsam, 0,5 anfangs schnell"
    ),
    "Rig": "Rig",
    "The rig or object whose property drives the wrinkles instead of the shape key; empty for the key": (
        "Das Rig oder Objekt, dessen Eigenschaft die Falten statt des Shape-Keys bewegt; leer für den Key"
    ),
    "Property": "Eigenschaft",
    'The rig\'s property, for instance pose.bones["brow.L"].location[1] or ["smile"]': (
        'Die Eigenschaft des Rigs, etwa pose.bones["brow.L"].location[1] oder ["smile"]'
    ),
    "Full At": "Voll bei",
    "Value of the rig's property that stands for the full expression": (
        "Wert der Eigenschaft des Rigs, der für den vollen Ausdruck steht"
    ),
    "Bake to Keyframes": "In Keyframes backen",
    "Write what drives the wrinkles as keyframes over the scene's frames, for render farms and other programs": (
        "Was die Falten bewegt, als Keyframes über die Bilder der Szene schreiben, für Renderfarmen und anderes"
    ),
    "Drive Again": "Wieder bewegen",
    "Remove baked keyframes and let the expressions drive the wrinkles again": (
        "Gebackene Keyframes entfernen und die Ausdrücke die Falten wieder bewegen lassen"
    ),
    "The face has lost its wrinkle material. Reconstruct it again.": (
        "Das Gesicht hat sein Faltenmaterial verloren. Es erneut rekonstruieren."
    ),
    "Shows": "Zeigt",
    "Part of Each Photo": "Anteil jedes Fotos",
    "Gives These Regions Alone": "Gibt diese Regionen allein",
    (
        "Regions whose wrinkles come from this photo, and from it alone; it then gives nothing else. "
        "None chosen: the photos share the face by what each shows best"
    ): (
        "Regionen, deren Falten aus diesem Foto kommen, und nur aus ihm; es gibt dann nichts anderes. "
        "Keine gewählt: Die Fotos teilen sich das Gesicht danach, was jedes am besten zeigt"
    ),
    "Mask": "Maske",
    "A mask in the face's UV: wrinkles are taken from this photo where it is bright": (
        "Eine Maske im UV des Gesichts: Falten werden aus diesem Foto genommen, wo sie hell ist"
    ),
    "Mask Painted": "Maske gemalt",
    "What the mask held when it was last painted": "Was die Maske zuletzt beim Malen enthielt",
    "Paint Mask": "Maske malen",
    "Paint where wrinkles show, or which skin the chosen photo gives: black hides, white shows, X swaps the colors": (
        "Malen, wo Falten sich zeigen oder welche Haut das gewählte Foto gibt: Schwarz verbirgt, Weiß zeigt, X tauscht"
    ),
    "Of the Photo": "Des Fotos",
    "Paint the mask of the photo that is chosen in the list instead of the one of the face": (
        "Statt der Maske des Gesichts die des Fotos malen, das in der Liste gewählt ist"
    ),
    "Finish Mask": "Maske fertigstellen",
    "Leave Texture Paint and keep what was painted inside the .blend file": (
        "Das Malen beenden und das Gemalte in der .blend-Datei behalten"
    ),
    "Remove Mask": "Maske entfernen",
    "Take the mask away, so that all wrinkles show": "Die Maske wegnehmen, sodass alle Falten sich zeigen",
    "The face's material is gone or too old for masks. Reconstruct it again.": (
        "Das Material des Gesichts fehlt oder ist zu alt für Masken. Rekonstruieren Sie es erneut."
    ),
    "Paint black where no wrinkle is wanted, white where it is. X swaps the colors.": (
        "Malen Sie schwarz, wo keine Falte sein soll, und weiß, wo eine sein soll. X tauscht die Farben."
    ),
    "Press Paint Mask first.": "Drücken Sie zuerst Maske malen.",
    "The face has no mask.": "Das Gesicht hat keine Maske.",
    "Forehead": "Stirn",
    "The region forehead": "Die Region Stirn",
    "Glabella": "Glabella",
    "The region glabella": "Die Region Glabella",
    "Crows Feet (left)": "Krähenfüße (links)",
    "The region crows feet (left)": "Die Region Krähenfüße (links)",
    "Crows Feet (right)": "Krähenfüße (rechts)",
    "The region crows feet (right)": "Die Region Krähenfüße (rechts)",
    "Upper Lid (left)": "Oberlid (links)",
    "The region upper lid (left)": "Die Region Oberlid (links)",
    "Upper Lid (right)": "Oberlid (rechts)",
    "The region upper lid (right)": "Die Region Oberlid (rechts)",
    "Under Eye (left)": "Unter dem Auge (links)",
    "The region under eye (left)": "Die Region Unter dem Auge (links)",
    "Under Eye (right)": "Unter dem Auge (rechts)",
    "The region under eye (right)": "Die Region Unter dem Auge (rechts)",
    "Nasolabial (left)": "Nasolabialfalte (links)",
    "The region nasolabial (left)": "Die Region Nasolabialfalte (links)",
    "Nasolabial (right)": "Nasolabialfalte (rechts)",
    "The region nasolabial (right)": "Die Region Nasolabialfalte (rechts)",
    "Cheek (left)": "Wange (links)",
    "The region cheek (left)": "Die Region Wange (links)",
    "Cheek (right)": "Wange (rechts)",
    "The region cheek (right)": "Die Region Wange (rechts)",
    "Nose": "Nase",
    "The region nose": "Die Region Nase",
    "Mouth": "Mund",
    "The region mouth": "Die Region Mund",
    "Chin": "Kinn",
    "The region chin": "Die Region Kinn",
    "Expressions whose wrinkles this photo shows, with commas between, or neutral for the face at rest. "
    "Empty: found by the fit": (
        "Ausdrücke, deren Falten dieses Foto zeigt, mit Kommas dazwischen, oder neutral für das Gesicht in Ruhe. "
        "Leer: von der Anpassung gefunden"
    ),
    # 5 Preview
    "How previews of faces are rendered": "Wie Vorschauen von Gesichtern gerendert werden",
    "What the preview is made of": "Woraus die Vorschau besteht",
    "Show": "Zeigen",
    "Before and After": "Vorher und nachher",
    "Neutral, expression without wrinkles, expression with wrinkles": (
        "Neutral, Ausdruck ohne Falten, Ausdruck mit Falten"
    ),
    "Contact Sheet": "Kontaktbogen",
    "The same for each posed expression, else for those that fold most skin": (
        "Dasselbe für jeden gestellten Ausdruck, sonst für die, die am meisten Haut falten"
    ),
    "Turntable": "Drehteller",
    "A movie from side to side": "Ein Film von einer Seite zur anderen",
    "Expression Sweep": "Ausdrucksverlauf",
    "A movie in which the expression comes and goes": "Ein Film, in dem der Ausdruck kommt und geht",
    "Wipe": "Überblenden",
    "A movie in which an edge wipes the wrinkles on and off": "Ein Film, in dem eine Kante die Falten auf- und zudeckt",
    "Frames": "Bilder",
    "Length of a movie in frames": "Länge eines Films in Bildern",
    "Image Sequence": "Bildfolge",
    "Numbered PNG files instead of an MP4 movie": "Nummerierte PNG-Dateien statt eines MP4-Films",
    "Expression": "Ausdruck",
    "What the second and third picture show": "Was das zweite und dritte Bild zeigen",
    "Most Wrinkled": "Am faltigsten",
    "The expression that wakes most of this face's wrinkles": "Der Ausdruck, der die meisten Falten weckt",
    "As Posed": "Wie gestellt",
    "The expression that the face wears now": "Der Ausdruck, den das Gesicht jetzt trägt",
    "Engine": "Engine",
    "The engine that renders the preview": "Die Engine, die die Vorschau rendert",
    "As in Preferences": "Wie in den Einstellungen",
    "The engine that the add-on's preferences name": "Die Engine, die die Einstellungen des Add-ons nennen",
    "Path tracing; works everywhere, also without a graphics card": (
        "Pfadverfolgung; läuft überall, auch ohne Grafikkarte"
    ),
    "Fast; needs a graphics card": "Schnell; braucht eine Grafikkarte",
    "Workbench": "Workbench",
    "Shape and texture only: it shows no wrinkles": "Nur Form und Textur: zeigt keine Falten",
    "Size": "Größe",
    "Edge of each of the three pictures in pixels": "Kantenlänge jedes der drei Bilder in Pixeln",
    "Render Preview": "Vorschau rendern",
    "Render the face at rest, with an expression, and with the expression and its wrinkles, side by side": (
        "Das Gesicht in Ruhe, mit einem Ausdruck und mit Ausdruck und Falten nebeneinander rendern"
    ),
    "Where to keep the picture too; empty keeps it inside the .blend file only": (
        "Wo das Bild zusätzlich abgelegt wird; leer bleibt es nur in der .blend-Datei"
    ),
    "Show Preview": "Vorschau zeigen",
    "Open the preview in a window of its own": "Die Vorschau in einem eigenen Fenster öffnen",
    # 6 Export
    "Export": "Exportieren",
    "Write the face with its expressions, its maps, and shaders that wake them, for other programs": (
        "Das Gesicht mit seinen Ausdrücken, seine Karten und Shader, die sie wecken, für andere Programme schreiben"
    ),
    "Wrinkle Export": "Faltenexport",
    "What of faces is exported, and where to": "Was von Gesichtern exportiert wird, und wohin",
    "The folder for the files; empty for the one chosen in step 6": (
        "Der Ordner für die Dateien; leer für den in Schritt 6 gewählten"
    ),
    "The folder for the files; // is the folder of the .blend file": (
        "Der Ordner für die Dateien; // ist der Ordner der .blend-Datei"
    ),
    "Mesh": "Mesh",
    "Files of the face itself, with its expressions as morph targets. Shift + click for several": (
        "Dateien des Gesichts selbst, mit seinen Ausdrücken als Morph-Targets. Umschalt + Klick für mehrere"
    ),
    "Mesh, morph targets, base colour and normal map in one file, face.glb": (
        "Mesh, Morph-Targets, Grundfarbe und Normal-Map in einer Datei, face.glb"
    ),
    "The same for Unreal, Unity, Maya and others, face.fbx": "Dasselbe für Unreal, Unity, Maya und andere, face.fbx",
    "The same for USD pipelines, face.usdz": "Dasselbe für USD-Pipelines, face.usdz",
    "Shaders": "Shader",
    "Shaders that let the wrinkles follow the expressions there too. Shift + click for several": (
        "Shader, mit denen die Falten auch dort den Ausdrücken folgen. Umschalt + Klick für mehrere"
    ),
    "An editor script that builds the material": "Ein Editor-Skript, das das Material baut",
    "An include for Shader Graph (URP and HDRP) and a component that feeds the weights": (
        "Eine Include-Datei für Shader Graph (URP und HDRP) und eine Komponente, die die Gewichte liefert"
    ),
    "A material with its shader and a script that feeds the weights": (
        "Ein Material mit seinem Shader und ein Skript, das die Gewichte liefert"
    ),
    "Other": "Andere",
    "A GLSL fragment shader and a reader in plain NumPy, for everything else": (
        "Ein GLSL-Fragment-Shader und ein Leser in reinem NumPy, für alles andere"
    ),
    "Normals": "Normalen",
    "Writing the maps": "Karten werden geschrieben",
    "Writing the shaders": "Shader werden geschrieben",
    "Writing the masks": "Masken werden geschrieben",
    "Which way green points in the normal maps": "Wohin Grün in den Normal-Maps zeigt",
    "Green is up: Blender, Unity, Godot, Maya": "Grün ist oben: Blender, Unity, Godot, Maya",
    "Green is down: Unreal, 3ds Max": "Grün ist unten: Unreal, 3ds Max",
    # Preferences and system check
    "Face Models": "Gesichtsmodelle",
    "Face models of yours on this computer": "Eigene Gesichtsmodelle auf diesem Rechner",
    "Active Model": "Aktives Modell",
    "The model for faces that use a file and name none themselves": (
        "Das Modell für Gesichter, die eine Datei verwenden und selbst keine nennen"
    ),
    "File": "Datei",
    "Basel Face Model (.h5), eos model (.bin) or ICT-FaceKit folder": (
        "Basel Face Model (.h5), eos-Modell (.bin) oder ICT-FaceKit-Ordner"
    ),
    "Report": "Bericht",
    "What the last check said of this model": "Was die letzte Prüfung zu diesem Modell gesagt hat",
    "Add Model": "Modell hinzufügen",
    "Choose a face model of yours: Basel Face Model (.h5), eos model (.bin) or ICT-FaceKit folder": (
        "Ein eigenes Gesichtsmodell wählen: Basel Face Model (.h5), eos-Modell (.bin) oder ICT-FaceKit-Ordner"
    ),
    "The model's file or folder": "Die Datei oder der Ordner des Modells",
    "Remove Model": "Modell entfernen",
    "Take the highlighted model off the list; the file itself stays": (
        "Das markierte Modell von der Liste nehmen; die Datei selbst bleibt"
    ),
    "Preview Engine": "Engine der Vorschau",
    "The engine of previews in scenes that name none themselves": (
        "Die Engine der Vorschauen in Szenen, die selbst keine nennen"
    ),
    "Threads": "Threads",
    "How many processor threads a reconstruction may use; 0 uses all": (
        "Wie viele Prozessor-Threads eine Rekonstruktion verwenden darf; 0 verwendet alle"
    ),
    "Prepared models on disk": "Vorbereitete Modelle auf der Platte",
    "Clear Prepared Models": "Vorbereitete Modelle löschen",
    "Delete prepared models from the disk; they are prepared again when next used": (
        "Vorbereitete Modelle von der Platte löschen; bei der nächsten Verwendung werden sie neu vorbereitet"
    ),
    "Prepared models are deleted.": "Vorbereitete Modelle sind gelöscht.",
    "System Check": "Systemprüfung",
    "Copy": "Kopieren",
    "Copy System Check": "Systemprüfung kopieren",
    "Copy the versions of everything involved to the clipboard, to paste into a bug report": (
        "Die Versionen von allem Beteiligten zum Einfügen in einen Fehlerbericht in die Zwischenablage kopieren"
    ),
    "The system check is on the clipboard.": "Die Systemprüfung ist in der Zwischenablage.",
    "Cannot be used yet. Missing:": "Noch nicht zu gebrauchen. Es fehlt:",
    # Landmarks in the Image Editor
    "Edit Landmarks": "Landmarken bearbeiten",
    "Find the face in every photo and show the highlighted one with its 68 landmarks, to be corrected by hand": (
        "Das Gesicht in jedem Foto finden und das hervorgehobene mit seinen 68 Landmarken zum Berichtigen zeigen"
    ),
    "Press Edit Landmarks in step 1 first.": "Zuerst in Schritt 1 auf Landmarken bearbeiten drücken.",
    "Move Landmark": "Landmarke verschieben",
    "Drag the landmark under the mouse; the fitted face follows": (
        "Die Landmarke unter der Maus ziehen; das angepasste Gesicht folgt"
    ),
    "Landmark": "Landmarke",
    "Which of the 68, from 0": "Welche der 68, ab 0",
    "To": "Nach",
    "Pixels of the upright photo, x right and y down": ("Pixel des aufrechten Fotos, x nach rechts und y nach unten"),
    "Mirror": "Spiegeln",
    "Mirror Landmarks": "Landmarken spiegeln",
    "Move the landmarks of the other side as far as you moved their partners, in mirror image": (
        "Die Landmarken der anderen Seite spiegelbildlich so weit verschieben wie ihre Gegenstücke"
    ),
    "Move a landmark of this photo first.": "Zuerst eine Landmarke dieses Fotos verschieben.",
    "Reset Landmarks": "Landmarken zurücksetzen",
    "Put all landmarks of this photo back to where they were found": (
        "Alle Landmarken dieses Fotos dorthin zurücksetzen, wo sie gefunden wurden"
    ),
    "Copy to Next Photo": "Auf nächstes Foto übertragen",
    "Make the same corrections in the next photo, scaled and turned to its face, and show it": (
        "Dieselben Berichtigungen im nächsten Foto vornehmen, auf dessen Gesicht skaliert und gedreht, und es zeigen"
    ),
    "Next Photo": "Nächstes Foto",
    "Show the next photo of the face": "Das nächste Foto des Gesichts zeigen",
    "There is no other photo in the list.": "Die Liste enthält kein anderes Foto.",
    "Show Fitted Face": "Angepasstes Gesicht zeigen",
    "Fitted Face": "Angepasstes Gesicht",
    "Draw the fitted face over the photo; it follows the landmarks": (
        "Das angepasste Gesicht über das Foto zeichnen; es folgt den Landmarken"
    ),
    "Draw the 68 landmarks over the photo": "Die 68 Landmarken über das Foto zeichnen",
    "Update": "Aktualisieren",
    "Wrinkle Overlay": "Falten-Einblendung",
    "What is drawn over photos in the Image Editor": "Was im Bildeditor über Fotos gezeichnet wird",
    "Points": "Punkte",
    "The 68 landmarks; empty until they are found": "Die 68 Landmarken; leer, bis sie gefunden sind",
    "Place": "Ort",
    "Confidence": "Sicherheit",
    "How sure the detector is, 0 to 1": "Wie sicher der Detektor ist, 0 bis 1",
    "Moved": "Verschoben",
    "Whether this point was placed by hand": "Ob dieser Punkt von Hand gesetzt wurde",
    "Face Mesh": "Gesichtsnetz",
    "The 468 points found in the photo, as base64": "Die 468 im Foto gefundenen Punkte, als base64",
    "What the face does in this photo, as the fit sees it": (
        "Was das Gesicht in diesem Foto macht, wie die Anpassung es sieht"
    ),
    # What scripts see
    "Wrinkle Face": "Faltengesicht",
    "Photos, settings and state of this face": "Fotos, Einstellungen und Zustand dieses Gesichts",
    "Next Wrinkle Face": "Nächstes Faltengesicht",
    "Photos and settings of the next new face": "Fotos und Einstellungen des nächsten neuen Gesichts",
    "Wrinkle Preview": "Faltenvorschau",
    "Version": "Version",
    "The format of these settings": "Das Format dieser Einstellungen",
    "Made With": "Gemacht mit",
    "The settings that the face was made with": "Die Einstellungen, mit denen das Gesicht gemacht wurde",
    "Messages": "Meldungen",
    "What the last reconstruction had to say": "Was die letzte Rekonstruktion zu sagen hatte",
}
