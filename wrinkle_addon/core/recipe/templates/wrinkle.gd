@tool
extends MeshInstance3D
## Lets the wrinkles follow the blend shapes: attach this to the face's MeshInstance3D.
##
## The skin is wrinkle_skin.tres beside this script, unless the mesh wears another material made
## of wrinkle.gdshader.

var _skin: ShaderMaterial
var _weights: Dictionary = {}


func _ready() -> void:
	_skin = get_active_material(0) as ShaderMaterial
	if _skin == null:
		var folder: String = (get_script() as Script).resource_path.get_base_dir()
		_skin = load(folder.path_join("wrinkle_skin.tres")).duplicate() as ShaderMaterial
		set_surface_override_material(0, _skin)
	for entry: Dictionary in _skin.shader.get_shader_uniform_list():
		var shape: int = find_blend_shape_by_name(entry["name"])
		if shape >= 0:
			_weights[entry["name"]] = shape


func _process(_delta: float) -> void:
	for expression: String in _weights:
		_skin.set_shader_parameter(expression, get_blend_shape_value(_weights[expression]))
